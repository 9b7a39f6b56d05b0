//! Who may come in, and from where.
//!
//! Three questions, in this order. Is Hark meant (`Host`), so that a web site whose name was pointed at
//! this machine cannot talk to it (DNS rebinding)? Does a request that changes something come from our
//! own page or from no page at all (`Origin`), so that other sites cannot give commands in the person's
//! name? And, where tokens are set, whose is it?

use std::collections::BTreeSet;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{ApiConfig, ApiError, AppState, Scope};
use crate::domain::UserId;

/// Paths that say nothing of anybody, and that probes and browsers ask for without a token: the page
/// itself, which asks the person for one, and the health of the process.
fn is_open(path: &str) -> bool {
    let is_guarded = path.starts_with("/api/")
        || path.starts_with("/v1/")
        || path == "/metrics"
        || path == "/openapi.json";
    !is_guarded
}

/// Who asks, and what that person's token lets do.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) user: UserId,
    scopes: BTreeSet<Scope>,
}

impl Caller {
    /// A token without scopes of its own may do everything, as before there were any.
    fn with_all(user: UserId) -> Self {
        Self { user, scopes: Scope::ALL.into() }
    }

    /// Whether the token has that scope.
    pub(super) fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Refuses what the token has no scope for.
    fn need(&self, scope: Option<Scope>) -> Result<(), ApiError> {
        match scope.filter(|scope| !self.may(*scope)) {
            None => Ok(()),
            Some(scope) => Err(ApiError::new(
                StatusCode::FORBIDDEN,
                "scope_missing",
                format!(
                    "this token does not have the scope {scope}; whoever runs Hark can give one that has"
                ),
            )),
        }
    }
}

/// What a token must let do for a path; nothing where everybody with a token may.
fn scope_for(path: &str) -> Option<Scope> {
    match path {
        "/metrics" => Some(Scope::Administer),
        "/api/status" | "/openapi.json" => None,
        path if path.starts_with("/api/policy/") => Some(Scope::Approve),
        _ => Some(Scope::Speak),
    }
}

/// Lets a request through with the user it belongs to, or refuses it.
pub(super) async fn admit(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let config = state.config();
    let host = host_of(&request);
    check_host(config, host.as_deref())?;
    // A browser opens a WebSocket to any site that a page names, and sends no more than the page's origin.
    // So does a page that wants to read a stream of events.
    let is_guarded = !is_open(request.uri().path());
    let names_origin = request.headers().contains_key(header::ORIGIN);
    if !request.method().is_safe()
        || request.headers().contains_key(header::UPGRADE)
        || (is_guarded && names_origin)
    {
        check_origin(config, request.headers(), host.as_deref())?;
    }
    if is_guarded || request.method() != Method::GET {
        let caller = authenticate(config, request.headers())?;
        caller.need(scope_for(request.uri().path()))?;
        request.extensions_mut().insert(caller.user.clone());
        request.extensions_mut().insert(caller);
    }
    Ok(next.run(request).await)
}

/// The name by which Hark was called, with its port.
fn host_of(request: &Request) -> Option<String> {
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let header = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    authority.or(header).map(str::to_ascii_lowercase)
}

fn check_host(config: &ApiConfig, host: Option<&str>) -> Result<(), ApiError> {
    // Elsewhere than on loopback the token keeps strangers out, and the names are not ours to know.
    let is_any_name_good = !config.bind.ip().to_canonical().is_loopback() && config.allowed_hosts.is_empty();
    match host {
        Some(host) if is_any_name_good || is_loopback_name(name_of(host)) || is_allowed(config, host) => {
            Ok(())
        }
        _ => Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "host_not_allowed",
            "Hark does not go by the name in the Host header; use 127.0.0.1 or localhost, or add the name \
             to server.allowed_hosts",
        )),
    }
}

fn check_origin(config: &ApiConfig, headers: &HeaderMap, host: Option<&str>) -> Result<(), ApiError> {
    let is_own = match headers.get(header::ORIGIN).map(HeaderValue::to_str) {
        Some(Ok(origin)) => match origin.split_once("://") {
            Some(("http" | "https", place)) => {
                let place = place.to_ascii_lowercase();
                host == Some(place.as_str()) || is_allowed(config, &place)
            }
            _ => false,
        },
        Some(Err(_)) => false,
        // Programs send neither; a browser that leaves out Origin still says where a page stands.
        None => headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin" || site == "none"),
    };
    match is_own {
        true => Ok(()),
        false => Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "origin_not_allowed",
            "commands are taken from Hark's own page and from programs, not from other web sites",
        )),
    }
}

/// `host` is a name that the settings allow, with or without its port.
fn is_allowed(config: &ApiConfig, host: &str) -> bool {
    config
        .allowed_hosts
        .iter()
        .any(|allowed| allowed.eq_ignore_ascii_case(host) || allowed.eq_ignore_ascii_case(name_of(host)))
}

/// A host without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) && !name.ends_with(':') => {
            name
        }
        _ => host,
    }
}

fn is_loopback_name(name: &str) -> bool {
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// Whose token the request carries; the person at this machine where no tokens are set.
fn authenticate(config: &ApiConfig, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let unreadable = |error: super::UsersError| {
        // The path is for whoever runs Hark, not for who asks.
        tracing::error!(%error, "nobody can be let in");
        ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "users_unreadable",
            "it can't be told now who may come in; the log says why",
        )
    };
    let has_users = !config.users.all().map_err(unreadable)?.is_empty();
    if config.tokens.is_empty() && !has_users {
        return Ok(Caller::with_all(UserId::local()));
    }
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim().as_bytes().to_vec());
    let Some(given) = bearer.or_else(|| socket_token(headers)) else {
        return Err(unauthorized("token_missing", "a token is needed: send Authorization: Bearer <token>"));
    };
    if let Some(user) = config.users.find(&given).map_err(unreadable)? {
        return Ok(Caller { user: UserId(user.name), scopes: user.scopes });
    }
    // Digests are of one length, and all tokens are looked at, so that the time says nothing.
    let given = Sha256::digest(given);
    let mut user = None;
    for (name, token) in &config.tokens {
        if bool::from(given.ct_eq(&Sha256::digest(token.expose()))) {
            user = Some(name);
        }
    }
    user.cloned().map(Caller::with_all).ok_or_else(|| {
        unauthorized(
            "token_wrong",
            "this token is not known; HARK_SERVER__TOKEN names the right one, or `hark users add` makes one",
        )
    })
}

/// A page can give a WebSocket no header but the names of protocols: one of them may be the token, in
/// hexadecimal digits since a name cannot hold every letter.
fn socket_token(headers: &HeaderMap) -> Option<Vec<u8>> {
    let protocols = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    let token = protocols.split(',').find_map(|name| name.trim().strip_prefix("hark.token."))?;
    hex::decode(token).ok()
}

fn unauthorized(code: &str, detail: &str) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, code, detail)
        .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"hark\""))
}
