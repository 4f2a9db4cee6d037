//! The ceiling of a lookup without a cache: a bare tonic server, a process of its own, that answers each question about a practitioner with
//! what one keyed read of PostgreSQL gives.

use std::env;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tokio::process::{Child, Command};
use tonic::Status;
use tonic::transport::Server;
use yizhan_proto::credit::v1::qualification_service_server::SERVICE_NAME;
use yizhan_proto::credit::v1::{GetQualificationRequest, GetQualificationResponse, Qualification};
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::{self, DatabaseConnection};
use yizhan_testkit::free_port;

use crate::bare::{Answers, Bare};

/// The first argument that makes this program the bare server; address and URL of the database follow.
pub const COMMAND: &str = "bare-read";

/// Starts this program as the bare server; gives where it listens.
pub async fn start(database_url: &str) -> anyhow::Result<(Child, String)> {
    let address = format!("127.0.0.1:{}", free_port());
    let mut command = Command::new(env::current_exe()?);
    let child = command.args([COMMAND, &address, database_url]).kill_on_drop(true).spawn()?;
    while tokio::net::TcpStream::connect(&address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok((child, format!("http://{address}")))
}

/// Serves until killed.
pub async fn serve(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let address: SocketAddr = arguments.next().context("an address")?.parse()?;
    let database = DatabaseConfig::at(arguments.next().context("the URL of the database")?);
    let reads = Reads(db::connect(&database).await?);
    Ok(Server::builder().add_service(Bare(reads)).serve(address).await?)
}

/// Tells what is stored, in bytes, as the basis: nothing is decoded.
#[derive(Clone)]
struct Reads(DatabaseConnection);

impl Answers for Reads {
    const SERVICE: &'static str = SERVICE_NAME;
    type Question = GetQualificationRequest;
    type Answer = GetQualificationResponse;

    async fn answer(self, request: GetQualificationRequest) -> Result<GetQualificationResponse, Status> {
        let code = request.questions.into_iter().next().unwrap_or_default().practitioner_code;
        let sql =
            "SELECT practitioner_code, version, timeline FROM qualification WHERE practitioner_code = $1";
        let asked = Statement::from_sql_and_values(DbBackend::Postgres, sql, [code.into()]);
        let away = |error: sea_orm::DbErr| Status::unavailable(error.to_string());
        let row = self.0.query_one_raw(asked).await.map_err(away)?;
        let row = row.ok_or_else(|| Status::not_found("no such key"))?;
        let told = Qualification {
            practitioner_code: row.try_get("", "practitioner_code").map_err(away)?,
            version: row.try_get("", "version").map_err(away)?,
            basis: row.try_get::<Vec<u8>>("", "timeline").map_err(away)?.len().to_string(),
            ..Qualification::default()
        };
        Ok(GetQualificationResponse { qualifications: vec![told] })
    }
}
