//! Who may call what: every call of the contract by every kind of caller. `who_may/calls.txt` has a line for each call: its name, a
//! cell for each column, and the least that has to be said to get past the questions of form. docs/WHO_MAY.md is the same for readers.
//! A call without a line fails; so does a cell that is otherwise.
//!
//! What a call replaces is asked for too: `who_may/replaced.txt` has the calls whose request says an area, said for another area than that
//! which holds the row; of a call that says none the column of another area's agency tells. And page tokens: see [`tokens`].
//!
//! A new call needs a line with any cells: the test tells what they are, and whoever adds it whether that is right. With
//! `YIZHAN_UPDATE=1` it writes both files.

mod cases;
mod deferrals;
mod plans;
mod reimbursements;
mod shown;
mod tokens;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;
use std::{env, fs};

use futures::StreamExt;
use prost::Message;
use prost::bytes::{Buf, BufMut};
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use yizhan_integration_tests::{CARE, Person, TestPlatform, checks, visit};
use yizhan_proto::enrollment::v1::rights_service_client::RightsServiceClient;
use yizhan_proto::enrollment::v1::roster_service_client::RosterServiceClient;
use yizhan_proto::enrollment::v1::transfer_service_client::TransferServiceClient;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::TestDatabase;

use crate::replay::next_composite_version;

const CALLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/who_may/calls.txt");
const REPLACED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/who_may/replaced.txt");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/WHO_MAY.md");

/// The columns: a caller, and who that is to the person P1, who is insured in 999900, is being moved to 430300, was treated in
/// H99990000003, filed for Shanghai, and granted insurer PICC a look.
const COLUMNS: [(&str, &str); 13] = [
    ("institution:H99990000003", "institution of the visit"),
    ("institution:H43020000003", "another institution"),
    ("agency:999900", "agency of the area"),
    ("agency:430200", "agency of another area"),
    ("department:999900.civil-affairs", "department of the area, whose roster it is"),
    ("department:430200.civil-affairs", "department of another area"),
    ("insurer:PICC", "insurer with a grant"),
    ("person:P1", "the person"),
    ("person:P2", "another person"),
    ("operator:alice", "operator"),
    ("service:settlement", "another service"),
    ("local-administrator", "local administrator"),
    ("", "nobody named, or nobody that can be"),
];

/// What the cells mean, for readers.
const LEGEND: &str = "`+` allowed (answered, or refused by how things stand) · `x` refused for what was said (of a person who is kept elsewhere: \
    that there is none) · `o` answered with nothing · `0` answered that there is \
    nothing of the kind · `-` refused to this caller · `?` the caller is not known";

/// Calls that would change too much if they were said rightly: they get as far as what is wrong with the person's dates.
const RIGHTLY_WRONG: [&str; 3] = ["RecordDeath", "RegisterNewborn", "PayContribution"];

/// Calls on another area's row by its agency that are allowed: filed anywhere, decided at home.
const ANYWHERE: [&str; 2] = ["AdvanceFiling", "SubmitFiling"];
/// Calls whose rows have the area in their key: under the same name another area has a row of its own.
const OWN_KEY: [&str; 21] = [
    "ImportCatalogue",
    "ImportFilings",
    "LoadRoster",
    "AbandonRoster",
    "RecordManualReimbursement",
    "PublishAuditRule",
    "OpenCase",
    "MakePlan",
    "FreezeList",
    "StartInspection",
    "MakePaymentRun",
    "RecordCompanyEntry",
    "ImportRankingIndicators",
    "RecordSurvey",
    "PublishRanking",
    "RegisterPractitioners",
    "RecordPersonConduct",
    "DeclareDefaults",
    "ImportGradeIndicators",
    "RecordConduct",
    "ProposeGrades",
];

/// A line of the table.
pub struct Line {
    pub name: String,
    cells: String,
    pub request: String,
}

/// The lines of the calls.
pub fn lines() -> Vec<Line> {
    lines_of(CALLS)
}

fn lines_of(file: &str) -> Vec<Line> {
    let text = fs::read_to_string(file).unwrap();
    let line = |line: &str| {
        let mut parts = line.splitn(3, ' ').map(str::to_owned);
        let mut part =
            || parts.next().unwrap_or_else(|| panic!("{line}: name, cells and request are needed"));
        Line { name: part(), cells: part(), request: part() }
    };
    text.lines().map(line).collect()
}

/// Bytes as they are: what is said is made from descriptors.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, message: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&message);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining()).to_vec()))
    }
}

/// Every call of the contract, by its name as lines say it.
pub fn methods() -> Methods {
    let pool = DescriptorPool::decode(yizhan_proto::FILE_DESCRIPTOR_SET).unwrap();
    let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    methods
        .filter(|method| method.full_name().starts_with("yizhan."))
        .map(|method| (format!("{}/{}", method.parent_service().full_name(), method.name()), method))
        .collect()
}

/// A message written as JSON.
pub fn message_of(method: &MethodDescriptor, json: &str) -> DynamicMessage {
    let message = DynamicMessage::deserialize(method.input(), &mut serde_json::Deserializer::from_str(json));
    message.unwrap_or_else(|error| panic!("{}: {error}", method.full_name()))
}

/// Makes any call, and gives the first answer: nothing also if there is none within a second, or no first.
pub async fn call(
    channel: Channel,
    method: &MethodDescriptor,
    caller: &str,
    message: Vec<u8>,
) -> Result<Vec<u8>, Status> {
    let entry = (!caller.is_empty()).then_some(("yizhan-caller", caller));
    call_with(channel, method, entry, message).await
}

/// The same with an entry of metadata, or none.
async fn call_with(
    channel: Channel,
    method: &MethodDescriptor,
    entry: Option<(&'static str, &str)>,
    message: Vec<u8>,
) -> Result<Vec<u8>, Status> {
    // A stream of requests stays open, so that it is not the end that is answered.
    let open = futures::stream::pending().take(usize::from(method.is_client_streaming()));
    let mut request = Request::new(futures::stream::once(async { message }).chain(open));
    if let Some((name, value)) = entry {
        request.metadata_mut().insert(name, value.parse().unwrap());
    }
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.unwrap();
    let answer = async {
        let mut answers = grpc.streaming(request, path.parse().unwrap(), Raw).await?.into_inner();
        Ok(answers.message().await?.unwrap_or_default())
    };
    tokio::time::timeout(Duration::from_secs(1), answer).await.unwrap_or(Ok(Vec::new()))
}

/// What becomes of a call: `+` it was allowed, `o` it was answered with nothing, `0` it was answered that there is
/// nothing of the kind, `-` it was refused to this caller, `?` the caller is not known, `x` it
/// was refused for what was said.
async fn cell(channel: Channel, method: &MethodDescriptor, caller: &str, json: &str, form: bool) -> char {
    let answer = call(channel, method, caller, message_of(method, json).encode_to_vec()).await;
    cell_of(answer, method, caller, form)
}

fn cell_of(answer: Result<Vec<u8>, Status>, method: &MethodDescriptor, caller: &str, form: bool) -> char {
    let refused = match answer {
        Ok(answer) => return if answer.is_empty() { 'o' } else { '+' },
        Err(refused) => refused,
    };
    match refused.code() {
        Code::PermissionDenied => '-',
        Code::Unauthenticated => '?',
        Code::NotFound => '0',
        Code::InvalidArgument
            if form && caller == "local-administrator" && !RIGHTLY_WRONG.contains(&method.name()) =>
        {
            panic!("{} is said in the wrong form: {:?}", method.full_name(), RemoteError::from(refused))
        }
        Code::InvalidArgument => 'x',
        Code::FailedPrecondition | Code::AlreadyExists | Code::Aborted => '+',
        _ => panic!("{} by {caller}: {refused:?}", method.full_name()),
    }
}

/// Every call of the contract, by its path.
type Methods = BTreeMap<String, MethodDescriptor>;

/// What lines name with a dollar sign.
pub struct Desk {
    platform: TestPlatform,
    known: BTreeMap<&'static str, String>,
}

impl Desk {
    pub async fn open(db: &TestDatabase) -> Desk {
        let persons = ["P1", "P2", "M1"].map(Person::employee);
        let platform = TestPlatform::on(db).with_persons(persons).start().await;
        let policy = serde_json::to_string(&next_composite_version()).unwrap();
        let elsewhere = policy.replace("2022.5", "2022.9").replace("999900", "430200");
        let policies = [("$policy", policy), ("$elsewhere", elsewhere)];
        let mut known: BTreeMap<&str, String> =
            policies.map(|(name, text)| (name, text.trim_matches('"').to_owned())).into();
        let visit = |day: &str| visit("P1").outpatient(day).line(CARE, "1", "20");
        for (name, day) in [("$setl", "2026-01-05"), ("$reversed", "2026-01-06"), ("$owed", "2026-01-07")] {
            let settled = platform.settle(name, visit(day)).await.unwrap();
            known.insert(name, checks::info(&settled).setl_id.clone());
        }
        known.insert("$filing", platform.file_temporary("P1", "310", "310000").await.filing_id);
        let enrollment = platform.url_of("enrollment");
        let channel = Channel::from_shared(enrollment).unwrap().connect().await.unwrap();
        for name in ["$grant", "$withdrawn"] {
            let request = GrantAccessRequest {
                request_id: new_id(),
                psn_no: "P1".into(),
                grantee: "insurer:PICC".into(),
                purpose: "理赔".into(),
                scopes: vec![AccessScope::Coverage.into()],
                ends_at: yizhan_testkit::moment("2026-03-01T00:00:00Z"),
                ..GrantAccessRequest::default()
            };
            let mut rights = RightsServiceClient::new(channel.clone());
            let granted = rights.grant_access(by("person:P1", request)).await.unwrap().into_inner();
            known.insert(name, granted.grant.unwrap().grant_id);
        }
        let request = StartTransferRequest {
            request_id: new_id(),
            biz_prcs_codg: "T22".into(),
            psn_no: "P1".into(),
            from_poolarea_no: "999900".into(),
            to_poolarea_no: "430300".into(),
            traf_prot_dirc: "11".into(),
            ..StartTransferRequest::default()
        };
        let mut transfers = TransferServiceClient::new(channel.clone());
        let opened = transfers.start_transfer(by("agency:999900", request)).await.unwrap().into_inner();
        known.insert("$transfer", opened.transfer.unwrap().transfer_id);
        for roster_id in ["kept", "given-up"] {
            let header = RosterHeader {
                roster_id: roster_id.into(),
                poolarea_no: "999900".into(),
                department: "civil-affairs".into(),
                mode: RosterMode::Changes.into(),
                effective_date: "2026-01-01".into(),
                total_rows: 1,
                kinds: vec!["低保".into()],
                tell_all_rows: true,
            };
            let header = LoadRosterRequest { part: Some(load_roster_request::Part::Header(header)) };
            let said = futures::stream::once(async { header }).chain(futures::stream::pending());
            let mut rosters = RosterServiceClient::new(channel.clone());
            let told = rosters.load_roster(by("department:999900.civil-affairs", said)).await.unwrap();
            told.into_inner().message().await.unwrap();
        }
        let audit = Channel::from_shared(platform.url_of("audit")).unwrap().connect().await.unwrap();
        known.extend(plans::known(audit.clone(), "2026-02-01").await);
        known.extend(cases::known(audit).await);
        let settlement =
            Channel::from_shared(platform.url_of("settlement")).unwrap().connect().await.unwrap();
        known.extend([deferrals::known(settlement.clone(), &known["$owed"]).await]);
        known.extend(reimbursements::known(settlement).await);
        Desk { platform, known }
    }

    /// To the service of a call.
    pub async fn channel(&self, method: &MethodDescriptor) -> Channel {
        let package = method.parent_service().full_name().split('.').nth(1).unwrap().to_owned();
        Channel::from_shared(self.platform.url_of(&package)).unwrap().connect().await.unwrap()
    }

    /// What a line says, with what is here in place of its dollars, and a new request_id.
    pub fn said(&self, request: &str) -> String {
        let known = self.known.iter().fold(request.to_owned(), |json, (name, id)| json.replace(name, id));
        known.replace("$id", &new_id())
    }

    /// All cells of the calls of some lines; with `form` the local administrator must have said them rightly.
    async fn cells(&self, methods: &Methods, lines: &[Line], form: bool) -> Vec<Line> {
        let mut seen = Vec::new();
        for Line { name, request, .. } in lines {
            let method = methods.get(name).unwrap_or_else(|| panic!("{name} is no call"));
            let (channel, mut cells) = (self.channel(method).await, String::new());
            for (caller, _) in COLUMNS {
                cells.push(cell(channel.clone(), method, caller, &self.said(request), form).await);
            }
            seen.push(Line { name: name.clone(), cells, request: request.clone() });
        }
        seen
    }
}

pub fn by<T>(caller: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("yizhan-caller", caller.parse().unwrap());
    request
}

/// The page for readers.
fn page(lines: &[Line], replaced: &[Line]) -> String {
    let mut page = String::from(
        "# Who may call what\n\nGenerated from `integration-tests/tests/it/who_may/calls.txt` and `replaced.txt`, and tested by them.\n\n",
    );
    writeln!(page, "{LEGEND}.\n").unwrap();
    for (at, (caller, who)) in COLUMNS.iter().enumerate() {
        let header = if caller.is_empty() { "no header".to_owned() } else { format!("`{caller}`") };
        writeln!(page, "{}. {who} ({header})", at + 1).unwrap();
    }
    table(&mut page, lines);
    write!(
        page,
        "\n# Who may replace what\n\nThe same calls about the same rows, which 999900 holds, said for 430200: each whose request says an area. \
         Where 430200's agency may, it has a row of its own beside that of 999900 ({}). Of calls that say no area the tables above tell.\n",
        OWN_KEY.join(", ")
    )
    .unwrap();
    table(&mut page, replaced);
    page
}

fn table(page: &mut String, lines: &[Line]) {
    let mut service = "";
    for line in lines {
        let (of, call) = line.name.rsplit_once('.').unwrap().1.split_once('/').unwrap();
        if of != service {
            let numbers: Vec<String> = (1..=COLUMNS.len()).map(|number| number.to_string()).collect();
            write!(
                page,
                "\n## {of}\n\n| | {} |\n|---|{}\n",
                numbers.join(" | "),
                "---|".repeat(COLUMNS.len())
            )
            .unwrap();
            service = of;
        }
        let cells: Vec<String> = line.cells.chars().map(String::from).collect();
        writeln!(page, "| {call} | {} |", cells.join(" | ")).unwrap();
    }
}

/// A line whose cells would let an agency have another area's row.
fn replaces_anothers(line: &Line, (agency, but): (usize, &[&str])) -> bool {
    let call = line.name.rsplit('/').next().unwrap();
    "+o".contains(line.cells.chars().nth(agency).unwrap()) && !but.contains(&call)
}

/// Goal: nobody may more, or less, than these tables say, and no call is missing in them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_by_everybody() {
    let (methods, calls, replaced) = (methods(), lines(), lines_of(REPLACED));
    let named: Vec<&str> = calls.iter().map(|line| line.name.as_str()).collect();
    let missing: Vec<&String> = methods.keys().filter(|name| !named.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "calls without a line in {CALLS}: {missing:#?}");
    let changes = |name: &str| {
        methods[name].is_client_streaming() || methods[name].input().get_field_by_name("request_id").is_some()
    };
    let says_an_area = |line: &&Line| line.request.contains("\"999900") || line.request.contains("$policy");
    let mutations: Vec<&Line> = calls.iter().filter(|line| changes(&line.name)).collect();
    let named: Vec<&str> = replaced.iter().map(|line| line.name.as_str()).collect();
    let missing = mutations.iter().copied().filter(says_an_area).map(|line| line.name.as_str());
    let missing: Vec<&str> = missing.filter(|name| !named.contains(name)).collect();
    assert!(missing.is_empty(), "calls without a line in {REPLACED}: {missing:#?}");

    let db = TestDatabase::sqlite();
    let desk = Desk::open(&db).await;
    let seen = [desk.cells(&methods, &calls, true).await, desk.cells(&methods, &replaced, false).await];
    if env::var_os("YIZHAN_UPDATE").is_some() {
        for (file, seen) in [CALLS, REPLACED].iter().zip(&seen) {
            let line = |line: &Line| format!("{} {} {}\n", line.name, line.cells, line.request);
            fs::write(file, seen.iter().map(line).collect::<String>()).unwrap();
        }
        fs::write(PAGE, page(&seen[0], &seen[1])).unwrap();
    }
    let wrong = calls.iter().chain(&replaced).zip(seen.iter().flatten());
    let wrong: Vec<String> = wrong
        .filter(|(line, seen)| line.cells != seen.cells)
        .map(|(line, seen)| format!("{}: {}, not {}", line.name, seen.cells, line.cells))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(
        fs::read_to_string(PAGE).is_ok_and(|text| text == page(&calls, &replaced)),
        "{PAGE} is to be written anew"
    );
    let of_mutations = mutations.iter().copied().filter(|line| replaces_anothers(line, (3, &ANYWHERE)));
    let of_replaced = replaced
        .iter()
        .filter(|line| replaces_anothers(line, (3, &OWN_KEY)) || replaces_anothers(line, (2, &[])));
    let taken: Vec<&str> = of_mutations.chain(of_replaced).map(|line| line.name.as_str()).collect();
    assert!(taken.is_empty(), "an agency has another area's row: {taken:#?}");
    tokens::check(&desk, &methods, &calls).await;
}
