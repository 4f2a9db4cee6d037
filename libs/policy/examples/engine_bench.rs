//! Engine benchmark: ten lines, seven payers, full trace, on one core.
//!
//! ```text
//! cargo run --release -p yizhan-policy --example engine_bench
//! ```
//!
//! Settles one stay under the shipped composite of seven payers again and again, and prints
//! what it measured for people (standard error) and as one line for programs (standard
//! output): `engine_bench lines=10 layers=7 … median_us=… p99_us=… allocations=… bytes=…`.
//! Exits 1 when the case is not what the numbers claim: ten lines, seven payers that all pay.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use yizhan_policy::{Case, Outcome, embedded, load, settle};

const POLICY: &str = "composite-seven-payers.yaml";
const WARM_UP: usize = 5_000;
const ITERATIONS: usize = 50_000;

fn main() -> ExitCode {
    let (name, text) = embedded().iter().find(|(name, _)| *name == POLICY).expect("the composite is shipped");
    let policy = load(name, text).expect("shipped policies are checked by tests");
    let case = load::load_case("case.yaml", CASE).expect("the case below is well formed");
    let outcome = settle(&policy, &case).expect("the case settles");
    let payers = payers_that_paid(&outcome);
    if outcome.lines.len() != 10 || payers != 7 {
        eprintln!("not the case to measure: {} lines, {payers} payers", outcome.lines.len());
        return ExitCode::FAILURE;
    }
    drop(outcome);

    let settle_once = || drop(black_box(settle(black_box(&policy), black_box(&case))));
    let (allocations, bytes) = counted(settle_once);
    let times = measured(settle_once);
    let [median, p99, least] = [times.len() / 2, times.len() * 99 / 100, 0].map(|at| micros(times[at]));
    report(&policy, &case, median, p99, least, allocations, bytes);
    ExitCode::SUCCESS
}

fn report(
    policy: &yizhan_policy::Policy,
    case: &Case,
    median: f64,
    p99: f64,
    least: f64,
    allocations: u64,
    bytes: u64,
) {
    let (lines, layers) = (case.lines.len(), policy.layers.len());
    eprintln!(
        "engine: {lines} lines, 7 payers in {layers} layers, full trace; {ITERATIONS} settles on one core"
    );
    eprintln!(
        "  median {median:.2} µs (target 20 µs: {:.2} of it), p99 {p99:.2} µs, least {least:.2} µs",
        median / 20.0
    );
    eprintln!("  {allocations} allocations, {bytes} bytes per settle");
    println!(
        "engine_bench lines={lines} payers=7 layers={layers} iterations={ITERATIONS} median_us={median:.2} \
         p99_us={p99:.2} min_us={least:.2} target_us=20 allocations={allocations} bytes={bytes}"
    );
}

fn payers_that_paid(outcome: &Outcome<'_>) -> usize {
    let paid = outcome.layers.iter().filter(|layer| layer.paid_fen.0 > 0);
    paid.map(|layer| layer.payer).collect::<BTreeSet<_>>().len()
}

/// Times of single settles, sorted.
fn measured(settle_once: impl Fn()) -> Vec<Duration> {
    (0..WARM_UP).for_each(|_| settle_once());
    let time = |_| {
        let start = Instant::now();
        settle_once();
        start.elapsed()
    };
    let mut times: Vec<Duration> = (0..ITERATIONS).map(time).collect();
    times.sort_unstable();
    times
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1000.0
}

/// How often, and how much, memory is asked for.
fn counted(settle_once: impl Fn()) -> (u64, u64) {
    let before = ASKED.get();
    settle_once();
    let after = ASKED.get();
    (after.0 - before.0, after.1 - before.1)
}

thread_local! {
    /// Allocations (growing ones as well) and their bytes, of this thread.
    static ASKED: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// Counts what the benchmark asks of the system's allocator.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

impl Counting {
    fn count(bytes: usize) {
        let (allocations, sum) = ASKED.get();
        ASKED.set((allocations + 1, sum + bytes as u64));
    }
}

// SAFETY: every call goes to the system's allocator unchanged; the counter is a thread-local
// without a destructor and does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Counting::count(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        Counting::count(new_size.saturating_sub(layout.size()));
        unsafe { System.realloc(memory, layout, new_size) }
    }
}

/// A stay that all seven payers pay for, with what an earlier one of the year accumulated.
const CASE: &str = r#"
area: "999900"
scheme: "310"
person:
  status: in_service
  age: 52
  identity: [低收入]
  membership: [union_mutual_aid, civil_servant, civil_servant/科级, veteran, veteran/参战参试, commercial, commercial/惠衢保2021]
  years_insured: 20
visit: { care: inpatient, level: third, date: 2024-05-20, admitted: 2024-05-06, diagnosis: [C34.900] }
lines:
  - { id: "1", name: 床位费, amount: 840, class: 甲, list_type: "201" }
  - { id: "2", name: 手术费, amount: 3.2万, class: 甲, list_type: "201" }
  - { id: "3", name: 护理费, amount: 1400, class: 甲, list_type: "201" }
  - { id: "4", name: 检查费, quantity: 3, price: 640, ceiling: 600, amount: 1920, class: 乙, prepay: 10%, list_type: "201" }
  - { id: "5", name: 化验费, amount: 6250.40, class: 甲, list_type: "201" }
  - { id: "6", name: 甲类药品, amount: 5.3万, class: 甲, list_type: "101" }
  - { id: "7", name: 乙类药品, quantity: 14, price: 1280.35, amount: 17924.90, class: 乙, prepay: 10%, list_type: "101" }
  - { id: "8", name: 乙类耗材, quantity: 2, price: 19800, ceiling: 18000, amount: 39600, class: 乙, prepay: 20%, list_type: "301" }
  - { id: "9", name: 目录外药品, amount: 3万, class: 丙, list_type: "101" }
  - { id: "10", name: 目录外耗材, amount: 2000, class: 丙, list_type: "301" }
accumulated:
  2024-01-01:
    yuan: { deductible_used: 1100, basic_paid: 2.1万, critical_deductible: 3000, union_base: 2600, union_paid: 900 }
    visits: { "stays@third": 1 }
account: { own: 300, shared: 500 }
"#;
