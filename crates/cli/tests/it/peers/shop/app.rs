//! A small shop: sign in, look, order. PostgreSQL keeps it, a pool of two connections leads there, nginx stands before.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use serde_json::{Value, json};
use sqlx::{PgPool, Row as _, pool::PoolConnection, postgres::PgPoolOptions};
use testkit::{Peer, Postgres};
use tokio::{net::TcpListener, sync::oneshot};

use crate::program::instant;

/// Connections to the database; too few on purpose.
pub(super) const POOL: u32 = 2;
/// How long the search of the shop holds one of them: so long that the speed of the machine matters little, and two
/// connections bear ten searches a second wherever this runs.
pub(super) const SEARCH_SECONDS: f64 = 0.2;
const TABLES: &str = "
    CREATE TABLE users (name text PRIMARY KEY, password text NOT NULL);
    INSERT INTO users VALUES ('ann', 'correct horse');
    CREATE TABLE sessions (token text PRIMARY KEY DEFAULT gen_random_uuid()::text, name text REFERENCES users);
    CREATE TABLE products (id int PRIMARY KEY, title text);
    INSERT INTO products SELECT n, 'product ' || n FROM generate_series(1, 50) n;
    CREATE TABLE orders (id serial PRIMARY KEY, token text NOT NULL REFERENCES sessions, product int);
";

struct Shop {
    pool: PgPool,
    /// How long connections were held, in microseconds.
    held: AtomicU64,
}

type Answer = Result<(StatusCode, Json<Value>), StatusCode>;

/// The shop with its database and nginx, all gone when the test is.
pub(super) struct Running {
    pub(super) nginx: Peer,
    pub(super) app: SocketAddr,
    database: String,
    /// The shop ends when this is dropped.
    _stop: oneshot::Sender<()>,
}

impl Running {
    pub(super) fn start(folder: &Path) -> Result<Self> {
        let postgres = Postgres::shared();
        let database = postgres.database()?;
        postgres.sql_at(&database, TABLES)?;
        let (app, stop) = serve(database.clone())?;
        let nginx = nginx(folder, app)?;
        Ok(Self { nginx, app, database, _stop: stop })
    }

    /// What the database answers.
    pub(super) fn sql(&self, sql: &str) -> Result<String> {
        Postgres::shared().sql_at(&self.database, sql)
    }
}

/// Starts the shop on a thread of its own.
fn serve(database: String) -> Result<(SocketAddr, oneshot::Sender<()>)> {
    let (stop, stopped) = oneshot::channel();
    let (tell, told) = std::sync::mpsc::channel();
    let serve = async move {
        let pool = PgPoolOptions::new()
            .max_connections(POOL)
            .acquire_timeout(Duration::from_secs(20))
            .connect(&database)
            .await?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        tell.send(listener.local_addr()?)?;
        let routes = Router::new()
            .route("/login", post(sign_in))
            .route("/products", get(look))
            .route("/orders", post(order))
            .route("/metrics", get(metrics))
            .with_state(Arc::new(Shop { pool, held: AtomicU64::new(0) }));
        let ending = async move { drop(stopped.await) };
        axum::serve(listener, routes).with_graceful_shutdown(ending).await?;
        anyhow::Ok(())
    };
    thread::spawn(move || -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(serve)
    });
    Ok((told.recv_timeout(Duration::from_secs(30))?, stop))
}

/// A connection while somebody has it.
struct Held<'s> {
    connection: PoolConnection<sqlx::Postgres>,
    since: Instant,
    shop: &'s Shop,
}

impl Shop {
    async fn connection(&self) -> Result<Held<'_>, StatusCode> {
        let connection = self.pool.acquire().await.ok().ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
        Ok(Held { connection, since: instant(), shop: self })
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let micros = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(0);
        self.shop.held.fetch_add(micros, Ordering::Relaxed);
    }
}

/// Nobody is there where a row was wanted: who asks has not signed in.
#[expect(clippy::needless_pass_by_value, reason = "errors are handed over by value")]
fn status_of(error: sqlx::Error) -> StatusCode {
    match error {
        sqlx::Error::RowNotFound => StatusCode::UNAUTHORIZED,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

async fn sign_in(State(shop): State<Arc<Shop>>, Json(asked): Json<Value>) -> Answer {
    let text = |key: &str| asked[key].as_str().unwrap_or_default().to_owned();
    let sql = "INSERT INTO sessions (name) SELECT name FROM users \
               WHERE name = $1 AND password = $2 RETURNING token";
    let query = sqlx::query(sql).bind(text("name")).bind(text("password"));
    let mut held = shop.connection().await?;
    let row = query.fetch_one(&mut *held.connection).await.map_err(status_of)?;
    let token: String = row.try_get(0).map_err(status_of)?;
    Ok((StatusCode::OK, Json(json!({ "session": { "token": token } }))))
}

async fn look(State(shop): State<Arc<Shop>>) -> Answer {
    let query = sqlx::query("SELECT title FROM products, pg_sleep($1) WHERE id = 7");
    let mut held = shop.connection().await?;
    let found = query.bind(SEARCH_SECONDS).fetch_one(&mut *held.connection).await;
    let title: String = found.and_then(|row| row.try_get(0)).map_err(status_of)?;
    Ok((StatusCode::OK, Json(json!({ "products": [{ "id": 7, "title": title }] }))))
}

async fn order(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Answer {
    let bearer = headers.get("authorization").and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|text| text.strip_prefix("Bearer "));
    let token = token.ok_or(StatusCode::UNAUTHORIZED)?.to_owned();
    let product = i32::try_from(asked["product"].as_i64().unwrap_or(0));
    let product = product.ok().ok_or(StatusCode::BAD_REQUEST)?;
    let sql = "INSERT INTO orders (token, product) SELECT token, $2 FROM sessions \
               WHERE token = $1 RETURNING id";
    let mut held = shop.connection().await?;
    let made = sqlx::query(sql).bind(token).bind(product).fetch_one(&mut *held.connection).await;
    let id: i32 = made.and_then(|row| row.try_get(0)).map_err(status_of)?;
    Ok((StatusCode::CREATED, Json(json!({ "order": id }))))
}

async fn metrics(State(shop): State<Arc<Shop>>) -> String {
    let held = Duration::from_micros(shop.held.load(Ordering::Relaxed)).as_secs_f64();
    format!("shop_pool_held_seconds_total {held}\nshop_pool_connections_max {POOL}\n")
}

/// nginx before the shop, on a free port.
fn nginx(folder: &Path, app: SocketAddr) -> Result<Peer> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::free_port()?));
    let place = folder.join("nginx");
    fs::create_dir(&place)?;
    let shown = place.display();
    let is_root = Command::new("id").arg("-u").output()?.stdout.trim_ascii() == b"0";
    let user = if is_root { "user root;" } else { "" };
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {shown}/{name};\n"))
        .concat();
    let settings = format!(
        "{user} master_process off; daemon off; pid {shown}/pid; error_log {shown}/error.log;\n\
         events {{ worker_connections 1024; }}\n\
         http {{ access_log off; {temporary}\n\
           upstream shop {{ server {app}; keepalive 64; }}\n\
           server {{ listen {address};\n\
             location = /up {{ return 200; }}\n\
             location / {{ proxy_pass http://shop; proxy_http_version 1.1; proxy_set_header Connection ''; }}\n\
         }} }}\n"
    );
    let file = place.join("nginx.conf");
    fs::write(&file, settings)?;
    let mut command = Command::new("/usr/sbin/nginx");
    command.arg("-e").arg(place.join("error.log")).arg("-c").arg(&file);
    let peer = Peer::start(command, address, "/up", folder.join("nginx.log"))?;
    ensure!(peer.address == address);
    Ok(peer)
}
