//! One stream of a department, from its header to its summary.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};
use yizhan_proto::enrollment::v1::load_roster_request::Part as Said;
use yizhan_proto::enrollment::v1::load_roster_response::Part as Told;
use yizhan_proto::enrollment::v1::{
    LoadRosterRequest, LoadRosterResponse, RosterHeader, RosterReady, RosterRowResults,
};
use yizhan_runtime::{Caller, Reason, ServiceError, areas, contract};

use super::applier::Applier;
use super::check::{RowRules, roster_unknown};
use super::{open, query, seal, stage};
use crate::app::Register;
use crate::rosters::messages;
use crate::rosters::store::entities::roster::Model;
use crate::rosters::store::rosters;

/// How long the next message may take, or the client to read.
const IDLE: Duration = Duration::from_secs(60);
/// How often a sealed roster is looked at for the client's sake.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Every so-manieth look, and every so-manieth message of rows, progress is told.
const TELL_EVERY: u64 = 5;
/// Results in one message.
const RESULTS_PER_MESSAGE: u64 = 500;

/// What streams of rosters work with.
#[derive(Clone, Debug)]
pub struct Rosters {
    /// The register.
    pub register: Register,
    /// Applies what is sealed.
    pub applier: Applier,
    /// Ends streams.
    pub stopping: CancellationToken,
}

/// What one stream works with.
struct Load {
    rosters: Rosters,
    caller: Caller,
    said: Streaming<LoadRosterRequest>,
    tell: mpsc::Sender<Result<LoadRosterResponse, Status>>,
}

/// Serves a stream in the background; what it tells comes out of the channel. The channel is short: a client that does not
/// read is not told progress, but what it needs waits for it.
pub fn load(
    rosters: Rosters,
    caller: Caller,
    said: Streaming<LoadRosterRequest>,
) -> mpsc::Receiver<Result<LoadRosterResponse, Status>> {
    let (tell, told) = mpsc::channel(4);
    let mut load = Load { rosters, caller, said, tell };
    let here = areas::here();
    tokio::spawn(areas::within(here, async move {
        match load.run().await {
            Ok(()) | Err(Ended::Gone) => {}
            Err(Ended::Refused(error)) => {
                let _ = load.tell.send(Err(error.into())).await;
            }
        }
    }));
    told
}

/// Why a stream ends before its summary.
enum Ended {
    /// The client is away: nobody to tell.
    Gone,
    /// The client is told why.
    Refused(ServiceError),
}

impl<E: Into<ServiceError>> From<E> for Ended {
    fn from(error: E) -> Self {
        Ended::Refused(error.into())
    }
}

impl Load {
    async fn run(&mut self) -> Result<(), Ended> {
        let header = self.header().await?;
        let (mut roster, rules) = open::open(&self.rosters.register, &self.caller, &header).await?;
        let ready =
            RosterReady { next_row_number: roster.staged_rows + 1, state: messages::state(&roster).into() };
        self.tell(Told::Ready(ready)).await?;
        let Some(sealed) = self.rows_and_seal(&mut roster, &rules).await? else { return Ok(()) };
        let done = self.follow(sealed).await?;
        self.tell_results(&done, !header.tell_all_rows).await?;
        self.tell(Told::Summary(messages::summary(&done)?)).await
    }

    async fn header(&mut self) -> Result<RosterHeader, Ended> {
        match self.next().await? {
            Some(Said::Header(header)) => Ok(header),
            _ => Err(out_of_order("header", "首条消息应为名册首部")),
        }
    }

    /// Keeps rows until the seal. A client that closes its side before the seal goes on another time; of a roster that is
    /// sealed already it may just follow what becomes of it.
    async fn rows_and_seal(&mut self, roster: &mut Model, rules: &RowRules) -> Result<Option<Model>, Ended> {
        let mut messages_of_rows = 0;
        loop {
            match self.next().await? {
                Some(Said::Rows(rows)) => {
                    *roster = stage::stage(&self.rosters.register, roster, rules, &rows).await?;
                    messages_of_rows += 1;
                    if messages_of_rows % TELL_EVERY == 0 {
                        self.tell_progress(roster);
                    }
                }
                Some(Said::Seal(said)) => {
                    let sealed = seal::seal(&self.rosters.register, roster, &said).await?;
                    self.rosters.applier.wake();
                    return Ok(Some(sealed));
                }
                Some(Said::Header(_)) => return Err(out_of_order("header", "首部只能发送一次")),
                None if roster.sealed_at.is_none() => {
                    self.tell(Told::Progress(messages::progress(roster))).await?;
                    return Ok(None);
                }
                None => return Ok(Some(roster.clone())),
            }
        }
    }

    /// Waits until the roster is applied.
    async fn follow(&self, sealed: Model) -> Result<Model, Ended> {
        let mut roster = sealed;
        for look in 1_u64.. {
            if roster.done_at.is_some() {
                break;
            }
            tokio::select! {
                () = self.rosters.stopping.cancelled() => return Err(stopping()),
                () = self.tell.closed() => return Err(Ended::Gone),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            let Model { poolarea_no, department, roster_id, .. } = &roster;
            let found = rosters::find(&self.rosters.register.db, poolarea_no, department, roster_id).await?;
            roster = found.ok_or_else(|| roster_unknown(roster_id))?;
            if look.is_multiple_of(TELL_EVERY) {
                self.tell_progress(&roster);
            }
        }
        Ok(roster)
    }

    async fn tell_results(&self, roster: &Model, refused_only: bool) -> Result<(), Ended> {
        if !roster.rows_kept {
            return Ok(());
        }
        let mut after = 0;
        loop {
            let rows =
                query::told(&self.rosters.register, roster, refused_only, after, RESULTS_PER_MESSAGE).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.row.row_no;
            let results = rows.into_iter().map(messages::row_result).collect();
            self.tell(Told::Results(RosterRowResults { results })).await?;
        }
    }

    /// The client's next message; `None` when it closed its side.
    async fn next(&mut self) -> Result<Option<Said>, Ended> {
        let next = tokio::select! {
            () = self.rosters.stopping.cancelled() => return Err(stopping()),
            next = tokio::time::timeout(IDLE, self.said.message()) => next,
        };
        match next {
            Ok(Ok(None)) => Ok(None),
            // A row with something wrong is refused by itself, while the others proceed.
            Ok(Ok(Some(LoadRosterRequest { part: Some(part @ Said::Rows(_)) }))) => Ok(Some(part)),
            Ok(Ok(Some(message @ LoadRosterRequest { part: Some(_) }))) => {
                contract::check(&message)?;
                Ok(message.part)
            }
            Ok(Ok(Some(LoadRosterRequest { part: None }))) => {
                Err(out_of_order("part", "消息应为首部、明细或封条之一"))
            }
            Ok(Err(broken)) => {
                tracing::debug!(code = ?broken.code(), "the stream of a roster broke");
                Err(Ended::Gone)
            }
            Err(_) => Err(ServiceError::new(
                Reason::RosterStreamIdle,
                "no message for 60 seconds: open the stream again and go on",
            )
            .into()),
        }
    }

    /// A client that does not read what it is told is away as one that says nothing.
    async fn tell(&self, part: Told) -> Result<(), Ended> {
        let told = self.tell.send_timeout(Ok(LoadRosterResponse { part: Some(part) }), IDLE);
        told.await.map_err(|_| Ended::Gone)
    }

    /// Progress is for those who keep up reading: a client that sends all its rows first must not be waited for.
    fn tell_progress(&self, roster: &Model) {
        let part = Some(Told::Progress(messages::progress(roster)));
        let _ = self.tell.try_send(Ok(LoadRosterResponse { part }));
    }
}

fn out_of_order(field: &str, text: &'static str) -> Ended {
    ServiceError::invalid_field(field, Reason::MessageOutOfOrder.saying(text)).into()
}

fn stopping() -> Ended {
    ServiceError::new(Reason::ServiceStopping, "this process is stopping: open the stream again and go on")
        .into()
}
