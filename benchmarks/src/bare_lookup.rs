//! The ceiling of a lookup: a bare tonic server, a process of its own, that answers each question about a person with what one
//! Redis GET gives.

use std::env;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use redis::AsyncTypedCommands;
use redis::aio::MultiplexedConnection;
use tokio::process::{Child, Command};
use tonic::Status;
use tonic::transport::Server;
use yizhan_proto::enrollment::v1::enrollment_service_server::SERVICE_NAME as ENROLLMENT;
use yizhan_proto::enrollment::v1::{Eligibility, GetEligibilityRequest, GetEligibilityResponse};
use yizhan_proto::filing::v1::filing_service_server::SERVICE_NAME as FILING;
use yizhan_proto::filing::v1::{FilingAnswer, FindFilingRequest, FindFilingResponse};
use yizhan_testkit::{RedisServer, free_port};

use crate::bare::{Answers, Bare};
use crate::platform::psn_no;

/// The first argument that makes this program the bare server; address, URL of Redis and bytes of an answer follow.
pub const COMMAND: &str = "bare-lookup";

fn key(psn_no: &str) -> String {
    format!("bare:{psn_no}")
}

/// A value of so many bytes for everybody the bare server may be asked for.
pub async fn fill(redis: &RedisServer, people: u64, value_bytes: usize) -> anyhow::Result<()> {
    let client = redis::Client::open(redis.url())?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let value = "x".repeat(value_bytes);
    let numbers: Vec<u64> = (0..people).collect();
    for some in numbers.chunks(10_000) {
        let mut pipe = redis::pipe();
        some.iter().for_each(|number| _ = pipe.set(key(&psn_no(*number)), &value).ignore());
        pipe.query_async::<()>(&mut connection).await?;
    }
    Ok(())
}

/// Starts this program as the bare server, which answers with the value and with as much more as makes it so many bytes; gives
/// where it listens.
pub async fn start(redis: &RedisServer, answer_bytes: usize) -> anyhow::Result<(Child, String)> {
    let address = format!("127.0.0.1:{}", free_port());
    let mut command = Command::new(env::current_exe()?);
    command.args([COMMAND, &address, &redis.url(), &answer_bytes.to_string()]);
    let child = command.kill_on_drop(true).spawn()?;
    while tokio::net::TcpStream::connect(&address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok((child, format!("http://{address}")))
}

/// Serves until killed.
pub async fn serve(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let address: SocketAddr = arguments.next().context("an address")?.parse()?;
    let redis = redis::Client::open(arguments.next().context("the URL of Redis")?)?;
    let answer_bytes = arguments.next().context("the bytes of an answer")?.parse()?;
    let values = Values { redis: redis.get_multiplexed_async_connection().await?, answer_bytes };
    let routes =
        Server::builder().add_service(Bare(Eligibilities(values.clone()))).add_service(Bare(Filings(values)));
    Ok(routes.serve(address).await?)
}

/// What both services answer with.
#[derive(Clone)]
struct Values {
    redis: MultiplexedConnection,
    answer_bytes: usize,
}

impl Values {
    async fn text(mut self, psn_no: &str) -> Result<String, Status> {
        let found = self.redis.get(key(psn_no)).await;
        let found = found.map_err(|error| Status::unavailable(error.to_string()))?;
        let mut text = found.ok_or_else(|| Status::not_found("no such key"))?;
        let more = self.answer_bytes.saturating_sub(text.len());
        text.extend(std::iter::repeat_n('x', more));
        Ok(text)
    }
}

#[derive(Clone)]
struct Eligibilities(Values);

impl Answers for Eligibilities {
    const SERVICE: &'static str = ENROLLMENT;
    type Question = GetEligibilityRequest;
    type Answer = GetEligibilityResponse;

    async fn answer(self, question: GetEligibilityRequest) -> Result<GetEligibilityResponse, Status> {
        let reason_text = self.0.text(&question.psn_no).await?;
        let eligibility = Some(Eligibility { reason_text, ..Eligibility::default() });
        Ok(GetEligibilityResponse { eligibility, ..GetEligibilityResponse::default() })
    }
}

#[derive(Clone)]
struct Filings(Values);

impl Answers for Filings {
    const SERVICE: &'static str = FILING;
    type Question = FindFilingRequest;
    type Answer = FindFilingResponse;

    async fn answer(self, question: FindFilingRequest) -> Result<FindFilingResponse, Status> {
        let way_out = self.0.text(&question.psn_no).await?;
        Ok(FindFilingResponse { answer: Some(FilingAnswer { way_out, ..FilingAnswer::default() }) })
    }
}
