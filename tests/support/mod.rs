//! The fakes and fixtures that several themes share.

pub(crate) mod live;
pub(crate) mod scripted_model;
pub(crate) mod test_app;
