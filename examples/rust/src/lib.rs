//! A web service with sessions and rate limits that live in its own process: no network between a request and what it
//! needs to know.
//!
//! - `POST /login?user=ada` gives a session of half an hour, as a cookie.
//! - `GET /me` says whose session it is and how often it has asked; each use gives it half an hour more.
//! - `POST /logout` ends it; `POST /logout/all` ends every session of the user, in one step.
//!
//! Log-ins are limited to three a minute for each user, requests to a hundred at once for each session.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use larder::{Db, Larder, Rate};
use serde::Deserialize;
use std::time::Duration;

const SESSION: Duration = Duration::from_mins(30);

/// What goes wrong, as the caller sees it.
#[derive(Debug)]
enum Refused {
    NoSession,
    /// Ask again after so long.
    TooOften(Duration),
    Store(larder::Error),
}

impl From<larder::Error> for Refused {
    fn from(error: larder::Error) -> Refused {
        Refused::Store(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Refused::NoSession => (StatusCode::UNAUTHORIZED, "no session\n").into_response(),
            Refused::TooOften(after) => {
                let seconds = after.as_secs_f64().ceil().to_string();
                (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds)], "too often\n")
                    .into_response()
            }
            Refused::Store(error) => {
                (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response()
            }
        }
    }
}

#[derive(Deserialize)]
struct Login {
    user: String,
}

/// The service over an engine.
pub fn service(larder: &Larder) -> Router {
    Router::new()
        .route("/login", post(login))
        .route("/me", get(me))
        .route("/logout", post(logout))
        .route("/logout/all", post(logout_all))
        .with_state(larder.db())
}

/// Takes one from a limiter, or says when to come again.
fn limit(db: &Db, key: String, rate: Option<Rate>) -> Result<(), Refused> {
    let Some(rate) = rate else { return Ok(()) };
    let verdict = db.limiter(rate).take(key)?;
    if verdict.is_allowed { Ok(()) } else { Err(Refused::TooOften(verdict.retry_after.unwrap_or_default())) }
}

fn session_of(headers: &HeaderMap) -> Result<&str, Refused> {
    let cookies = headers.get(header::COOKIE).and_then(|cookies| cookies.to_str().ok()).unwrap_or_default();
    let session = cookies.split("; ").find_map(|cookie| cookie.strip_prefix("session="));
    session.ok_or(Refused::NoSession)
}

async fn login(State(db): State<Db>, Query(Login { user }): Query<Login>) -> Result<Response, Refused> {
    let rate = Rate::new(3, Duration::from_mins(1)).and_then(|rate| rate.with_burst(2));
    limit(&db, format!("limit:login:{user}"), rate)?;
    // A real service takes its tokens from the operating system's random numbers.
    let token = format!("{:016x}{:016x}", db.engine().random(), db.engine().random());
    // The session and the list of the user's sessions change together, or not at all.
    db.transaction(|tx| {
        let key = format!("session:{token}");
        tx.hashes().set(&key, "user", &user)?;
        tx.keys().expire_after(&key, SESSION)?;
        tx.sets().add(format!("sessions:{user}"), &token)
    })?;
    let cookie = format!("session={token}; HttpOnly; SameSite=Lax; Max-Age={}", SESSION.as_secs());
    Ok(([(header::SET_COOKIE, cookie)], "welcome\n").into_response())
}

async fn me(State(db): State<Db>, headers: HeaderMap) -> Result<String, Refused> {
    let token = session_of(&headers)?;
    let key = format!("session:{token}");
    let user = db.hashes().get(&key, "user")?.ok_or(Refused::NoSession)?;
    let rate = Rate::new(50, Duration::from_secs(1)).and_then(|rate| rate.with_burst(99));
    limit(&db, format!("limit:session:{token}"), rate)?;
    // Between two looks the session may have ended: what is counted then must not bring it back.
    let seen = db.transaction(|tx| {
        if !tx.keys().expire_after(&key, SESSION)? {
            return Ok(None);
        }
        tx.hashes().increment(&key, "seen", 1).map(Some)
    })?;
    let seen = seen.ok_or(Refused::NoSession)?;
    Ok(format!("{} {seen}\n", String::from_utf8_lossy(&user)))
}

async fn logout(State(db): State<Db>, headers: HeaderMap) -> Result<&'static str, Refused> {
    let token = session_of(&headers)?;
    let key = format!("session:{token}");
    db.transaction(|tx| {
        if let Some(user) = tx.hashes().get(&key, "user")? {
            tx.sets().remove([b"sessions:", &user[..]].concat(), token)?;
        }
        tx.keys().remove(&key)
    })?;
    Ok("goodbye\n")
}

async fn logout_all(State(db): State<Db>, headers: HeaderMap) -> Result<String, Refused> {
    let key = format!("session:{}", session_of(&headers)?);
    let user = db.hashes().get(&key, "user")?.ok_or(Refused::NoSession)?;
    let ended = db.transaction(|tx| {
        let list = [b"sessions:", &user[..]].concat();
        let mut ended = 0;
        for token in tx.sets().members(&list)? {
            ended += usize::from(tx.keys().remove([b"session:", &token[..]].concat())?);
        }
        tx.keys().remove(&list)?;
        Ok(ended)
    })?;
    Ok(format!("{ended} ended\n"))
}
