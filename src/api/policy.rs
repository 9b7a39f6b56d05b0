//! What a person has allowed once and for all, and how it is withdrawn.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::{ApiError, AppState};
use crate::domain::{Allowance, UserId};

/// What is always allowed.
#[derive(Serialize, ToSchema)]
pub(super) struct AllowanceList {
    /// Oldest first.
    allowances: Vec<Allowance>,
}

/// List what is always allowed
#[utoipa::path(get, path = "/api/policy/allowances", tag = "tools", responses((status = 200, body = AllowanceList)))]
pub(super) async fn list(
    State(state): State<AppState>,
    Extension(user): Extension<UserId>,
) -> Result<Json<AllowanceList>, ApiError> {
    let allowances = state.parts().store.allowances(&user, None).await?;
    Ok(Json(AllowanceList { allowances }))
}

/// Ask about such calls again
#[utoipa::path(
    delete, path = "/api/policy/allowances/{id}", tag = "tools",
    params(("id" = i64, Path, description = "Its number in the list")),
    responses((status = 204, description = "Withdrawn"), (status = 404, description = "No such allowance"))
)]
pub(super) async fn withdraw(
    State(state): State<AppState>,
    Extension(user): Extension<UserId>,
    Path(id): Path<i64>,
) -> Result<StatusCode, ApiError> {
    match state.parts().store.withdraw(&user, id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ApiError::new(
            StatusCode::NOT_FOUND,
            "no_such_allowance",
            format!("nothing is allowed under the number {id}; GET /api/policy/allowances lists what is"),
        )),
    }
}
