//! The fakes and fixtures that several themes share.

pub(crate) mod scripted_model;
