//! What the contract says of every field holds for every field: each text, amount and number of each call, over gRPC, on both databases.
//! The calls are those of `who_may/calls.txt`, which misses none; the fields are found in the descriptors.

use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, Value};
use tonic::transport::Channel;
use tonic::{Code, Status};
use yizhan_money::MAX_FEN;
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::both_databases;

use crate::who_may::{Desk, call, lines, message_of, methods};

/// Any text that is not a document has fewer bytes.
const LONG: usize = 4096;
/// So many wrong fields are told of at once; more are cut.
const TOGETHER: usize = 30;

/// The way to a field: the fields it stands within, and itself.
#[derive(Clone)]
struct Field(Vec<FieldDescriptor>);

impl Field {
    /// All of a message that hold no message of ours.
    fn all_of(message: &MessageDescriptor) -> Vec<Field> {
        let within = |field: FieldDescriptor| match field.kind() {
            Kind::Message(inner) if !inner.full_name().starts_with("google.") => {
                let inner = Field::all_of(&inner).into_iter();
                inner.map(|Field(steps)| Field([vec![field.clone()], steps].concat())).collect()
            }
            _ => vec![Field(vec![field])],
        };
        message.fields().flat_map(within).collect()
    }

    fn last(&self) -> &FieldDescriptor {
        self.0.last().unwrap()
    }

    fn is_document(&self) -> bool {
        self.last().name() == "document"
    }

    fn is_text(&self) -> bool {
        self.last().kind() == Kind::String
    }

    fn is_amount(&self) -> bool {
        self.last().name().ends_with("_fen")
    }

    /// As violations name it.
    fn path(&self) -> String {
        let name =
            |field: &FieldDescriptor| field.name().to_owned() + if field.is_list() { "[0]" } else { "" };
        self.0.iter().map(name).collect::<Vec<_>>().join(".")
    }

    /// The rows of a roster's stream are refused one by one, while others proceed.
    fn is_judged_by_row(&self) -> bool {
        self.path().starts_with("rows.rows[0].")
    }

    /// Puts a value there; in lists into the first entry, which is made where there is none.
    fn set(&self, message: &mut DynamicMessage, value: Value) {
        let (field, inner) = self.0.split_first().unwrap();
        if inner.is_empty() {
            return message.set_field(field, if field.is_list() { Value::List(vec![value]) } else { value });
        }
        let within = match message.get_field_mut(field) {
            Value::List(rows) => {
                let Kind::Message(row) = field.kind() else { unreachable!() };
                if rows.is_empty() {
                    rows.push(Value::Message(DynamicMessage::new(row)));
                }
                rows.first_mut().unwrap()
            }
            one => one,
        };
        Field(inner.to_vec()).set(within.as_message_mut().unwrap(), value);
    }
}

/// One call, to be made in many ways.
struct Attempt<'d> {
    desk: &'d Desk,
    method: MethodDescriptor,
    channel: Channel,
    request: String,
}

impl Attempt<'_> {
    /// Said rightly but for these fields.
    async fn with(&self, fields: &[&Field], value: &Value) -> Result<Vec<u8>, Status> {
        let mut message = message_of(&self.method, &self.desk.said(&self.request));
        fields.iter().for_each(|field| field.set(&mut message, value.clone()));
        let answer =
            call(self.channel.clone(), &self.method, "local-administrator", message.encode_to_vec()).await;
        if let Err(refused) = &answer {
            let ours =
                [Code::Internal, Code::Unknown, Code::Unavailable, Code::DeadlineExceeded, Code::DataLoss];
            let field = fields.first().map(|field| field.path());
            assert!(
                !ours.contains(&refused.code()),
                "{} with {field:?}: {refused:?}",
                self.method.full_name()
            );
        }
        answer
    }

    /// All these fields are refused for `reason`; of a message that is one of several kinds, one after the other.
    async fn refuses(&self, fields: &[&Field], value: &Value, reason: &str) {
        let one_of = self.method.input().oneofs().next().is_some();
        for fields in fields.chunks(if one_of { 1 } else { TOGETHER }) {
            let refused =
                RemoteError::from(self.with(fields, value).await.expect_err(self.method.full_name()));
            assert_eq!(refused.code, Code::InvalidArgument, "{}", self.method.full_name());
            for path in fields.iter().map(|field| field.path()) {
                let reason = if path == "request_id" { "REQUEST_ID_INVALID" } else { reason };
                let told = refused.violations.iter().any(|told| told.field == path && told.reason == reason);
                assert!(told, "{} {path} {reason}: {:?}", self.method.full_name(), refused.violations);
            }
        }
    }
}

fn texts_of(fields: &[Field], documents_too: bool) -> Vec<&Field> {
    let fits = |field: &&Field| {
        field.is_text() && !field.is_judged_by_row() && (documents_too || !field.is_document())
    };
    fields.iter().filter(fits).collect()
}

/// Numbers that are as large as they can be.
fn extremes(field: &Field) -> Vec<Value> {
    match field.last().kind() {
        Kind::Int32 => [i32::MIN, -1, i32::MAX].map(Value::I32).to_vec(),
        Kind::Int64 if field.is_amount() => [-MAX_FEN, MAX_FEN].map(Value::I64).to_vec(),
        Kind::Int64 => [i64::MIN, -1, i64::MAX].map(Value::I64).to_vec(),
        Kind::Enum(_) => [-1, 9999].map(Value::EnumNumber).to_vec(),
        Kind::Message(timestamp) => {
            let of = |seconds: i64, nanos: i32| {
                let mut message = DynamicMessage::new(timestamp.clone());
                message.set_field_by_name("seconds", Value::I64(seconds));
                message.set_field_by_name("nanos", Value::I32(nanos));
                Value::Message(message)
            };
            vec![of(i64::MIN, i32::MIN), of(i64::MAX, i32::MAX), of(0, -1)]
        }
        _ => Vec::new(),
    }
}

both_databases! {
    /// Nothing that a field may not hold gets any further, whichever field of whichever call it is; all of them are told at once; and
    /// numbers are never our mistake.
    async fn no_field_of_any_call_takes_what_none_may_hold(db: TestDatabase) {
        let (desk, methods) = (Desk::open(&db).await, methods());
        let (mut texts, mut amounts) = (0, 0);
        for line in lines() {
            let method = methods[&line.name].clone();
            let (fields, channel) = (Field::all_of(&method.input()), desk.channel(&method).await);
            let attempt = Attempt { desk: &desk, method, channel, request: line.request };
            for unseen in ["\0", "a\u{1b}[2J", "张\u{202e}三", "\u{85}"] {
                attempt.refuses(&texts_of(&fields, true), &Value::String(unseen.to_owned()), "TEXT_INVALID").await;
            }
            for unseen in ["a\nb".to_owned(), "a".repeat(LONG + 1)] {
                attempt.refuses(&texts_of(&fields, false), &Value::String(unseen), "TEXT_INVALID").await;
            }
            let of_money: Vec<&Field> = fields.iter().filter(|field| field.is_amount()).collect();
            for fen in [MAX_FEN + 1, -MAX_FEN - 1, i64::MAX, i64::MIN] {
                attempt.refuses(&of_money, &Value::I64(fen), "AMOUNT_TOO_LARGE").await;
            }
            for field in &fields {
                for value in extremes(field) {
                    attempt.with(&[field], &value).await.ok();
                }
            }
            (texts, amounts) = (texts + texts_of(&fields, true).len(), amounts + of_money.len());
        }
        assert!(texts > 200 && amounts >= 6, "{texts} texts, {amounts} amounts");
    }

    /// Every text that is kept has a limit of its own, far below that of all: nothing that long is ever kept.
    async fn no_text_of_any_call_is_kept_that_is_longer_than_it_needs_to_be(db: TestDatabase) {
        let (desk, methods) = (Desk::open(&db).await, methods());
        for line in lines() {
            let method = methods[&line.name].clone();
            let (fields, channel) = (Field::all_of(&method.input()), desk.channel(&method).await);
            let changes = fields.iter().any(|field| field.path() == "request_id");
            let attempt = Attempt { desk: &desk, method, channel, request: line.request };
            for field in fields.iter().filter(|field| field.is_text()) {
                let long = if field.is_document() { 1024 * 1024 } else { LONG };
                let answer = attempt.with(&[field], &Value::String("a".repeat(long))).await;
                assert!(answer.is_err() || !changes, "{} takes a long {}", attempt.method.full_name(), field.path());
            }
        }
    }
}
