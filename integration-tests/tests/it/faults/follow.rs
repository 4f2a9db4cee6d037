//! Followers of the feeds, which go on from their token whatever becomes of the stream.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use tonic::Status;
use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::{Answer, Client};
use yizhan_proto::enrollment::v1::WatchRegisterRequest;
use yizhan_proto::filing::v1::WatchFilingsRequest;
use yizhan_proto::settlement::v1::WatchSettlementsRequest;

use super::write::{told, within};

/// A stream is asked for anew after so long without a word.
const SILENCE: Duration = Duration::from_secs(4);
/// Before it is asked for again.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a stream may stay open.
const STREAM: Duration = Duration::from_secs(600);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    Settlements,
    Register,
    Filings,
}

/// Resume token, and what the event tells: setl_id, or number and version.
type Events = BoxStream<'static, Result<(String, String), Status>>;

/// What a follower was told, in order.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    events: Arc<Mutex<Vec<String>>>,
    errors: Arc<Mutex<Vec<String>>>,
}

impl Heard {
    pub fn events(&self) -> Vec<String> {
        self.events.lock().expect("no panic").clone()
    }

    /// Answers of the feed that are no “not now”.
    pub fn errors(&self) -> Vec<String> {
        self.errors.lock().expect("no panic").clone()
    }
}

/// Follows until the test ends.
pub fn follow(client: &Client, feed: Feed) -> Heard {
    let heard = Heard::default();
    tokio::spawn(go_on(client.clone(), feed, heard.clone()));
    heard
}

async fn go_on(client: Client, feed: Feed, heard: Heard) {
    let mut token = String::new();
    loop {
        if let Err(error) = read_on(&client, feed, &mut token, &heard).await
            && !super::load::is_not_now(&error)
        {
            heard.errors.lock().expect("no panic").push(format!("{feed:?}: {error:?}"));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn read_on(client: &Client, feed: Feed, token: &mut String, heard: &Heard) -> Answer<()> {
    let Ok(opened) = tokio::time::timeout(SILENCE, open(client, feed, token.clone())).await else {
        return Ok(());
    };
    let mut events = opened?;
    while let Ok(Some(event)) = tokio::time::timeout(SILENCE, events.next()).await {
        let (next, told) = event.map_err(|status| Box::new(status.into()))?;
        // What is no settlement is not counted: openings, and items of the worklist.
        if !told.is_empty() {
            heard.events.lock().expect("no panic").push(told);
        }
        *token = next;
    }
    Ok(())
}

async fn open(client: &Client, feed: Feed, resume_token: String) -> Answer<Events> {
    Ok(match feed {
        Feed::Settlements => {
            let purpose = String::new();
            let request = within(STREAM, WatchSettlementsRequest { resume_token, purpose });
            let stream = told(client.settlements().watch_settlements(request).await)?;
            let event = |event: yizhan_proto::settlement::v1::WatchSettlementsResponse| {
                let settled = event.settlement.map(|settlement| info(&settlement).setl_id.clone());
                (event.resume_token, settled.unwrap_or_default())
            };
            stream.map(move |next| next.map(event)).boxed()
        }
        Feed::Register => {
            let request = within(STREAM, WatchRegisterRequest { resume_token });
            let stream = told(client.enrollment().watch_register(request).await)?;
            stream
                .map(|next| {
                    next.map(|event| {
                        (event.resume_token, format!("{}#{}", event.psn_no, event.person_version))
                    })
                })
                .boxed()
        }
        Feed::Filings => {
            let request = within(STREAM, WatchFilingsRequest { resume_token });
            let stream = told(client.filings().watch_filings(request).await)?;
            stream
                .map(|next| {
                    next.map(|event| (event.resume_token, format!("{}#{}", event.filing_id, event.version)))
                })
                .boxed()
        }
    })
}
