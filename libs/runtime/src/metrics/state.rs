//! What is counted and read, once for a process.

#![expect(clippy::disallowed_types, reason = "metrics are floats: times and counts, no money")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Counter, Histogram, Meter, MeterProvider};

use super::table::{Kind, Metric, Together};

/// Upper bounds of times in seconds.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Nothing until something is exported: then counting costs a look here.
static STATE: OnceLock<State> = OnceLock::new();

/// Values by which those of a metric are told apart, in the order of [`Metric::labels`].
pub(super) type Labels = Vec<String>;
type Read = Box<dyn Fn() -> Option<f64> + Send + Sync>;

pub(super) struct State {
    instruments: Vec<Instrument>,
    /// Read when somebody collects.
    samples: Mutex<Vec<(Metric, Labels, Read)>>,
    /// Set when something happens.
    values: Mutex<BTreeMap<(Metric, Labels), f64>>,
    pub in_flight: AtomicU64,
}

enum Instrument {
    Counter(Counter<u64>),
    Histogram(Histogram<f64>),
    Read,
}

/// What counts; `None` where nothing is exported.
pub(super) fn state() -> Option<&'static State> {
    STATE.get()
}

/// Begins to count for this meter: once in a process.
pub(super) fn install(meters: &impl MeterProvider) {
    let meter = meters.meter("yizhan");
    let instruments = Metric::ALL.iter().map(|metric| instrument(&meter, *metric)).collect();
    let (samples, values, in_flight) = Default::default();
    let _ = STATE.set(State { instruments, samples, values, in_flight });
}

fn instrument(meter: &Meter, metric: Metric) -> Instrument {
    let name = metric.otlp_name();
    match metric.kind() {
        // It is counted elsewhere, and read.
        Kind::Counter if metric == Metric::CacheReads => {
            let counter = meter.f64_observable_counter(name).with_description(metric.means());
            let _ = counter.with_callback(move |into| observe(metric, into)).build();
            Instrument::Read
        }
        Kind::Counter => {
            let counter = meter.u64_counter(name).with_description(metric.means());
            Instrument::Counter(counter.build())
        }
        Kind::Histogram => {
            let times = meter.f64_histogram(name).with_description(metric.means());
            Instrument::Histogram(times.with_unit(metric.unit()).with_boundaries(SECONDS.to_vec()).build())
        }
        Kind::Gauge => {
            let gauge = meter.f64_observable_gauge(name).with_description(metric.means());
            // The meter keeps it.
            let _ = gauge.with_unit(metric.unit()).with_callback(move |into| observe(metric, into)).build();
            Instrument::Read
        }
    }
}

fn observe(metric: Metric, into: &dyn AsyncInstrument<f64>) {
    let Some(state) = state() else { return };
    for (labels, value) in state.read(metric) {
        let labels: Vec<KeyValue> =
            metric.labels().iter().zip(labels).map(|(name, value)| KeyValue::new(*name, value)).collect();
        into.observe(value, &labels);
    }
}

impl State {
    pub fn add(&self, metric: Metric, amount: u64, labels: &[KeyValue]) {
        if let Instrument::Counter(counter) = &self.instruments[metric as usize] {
            counter.add(amount, labels);
        }
    }

    pub fn took(&self, metric: Metric, time: Duration, labels: &[KeyValue]) {
        if let Instrument::Histogram(times) = &self.instruments[metric as usize] {
            times.record(time.as_secs_f64(), labels);
        }
    }

    pub fn set(&self, metric: Metric, labels: Labels, value: f64) {
        lock(&self.values).insert((metric, labels), value);
    }

    pub fn sample(&self, metric: Metric, labels: Labels, read: Read) {
        lock(&self.samples).push((metric, labels, read));
    }

    fn read(&self, metric: Metric) -> BTreeMap<Labels, f64> {
        let mut read = BTreeMap::new();
        let mut note = |labels: &Labels, value: f64| {
            read.entry(labels.clone())
                .and_modify(|known| *known = together(metric, *known, value))
                .or_insert(value);
        };
        for ((_, labels), value) in lock(&self.values).iter().filter(|((of, _), _)| *of == metric) {
            note(labels, *value);
        }
        for (_, labels, sample) in lock(&self.samples).iter().filter(|(of, ..)| *of == metric) {
            if let Some(value) = sample() {
                note(labels, value);
            }
        }
        if metric == Metric::RpcInFlight {
            note(&Labels::new(), whole(self.in_flight.load(Ordering::Relaxed)));
        }
        read
    }
}

#[expect(clippy::float_arithmetic, reason = "gauges are floats: no money")]
fn together(metric: Metric, one: f64, other: f64) -> f64 {
    match metric.together() {
        Together::Sum => one + other,
        Together::Max => one.max(other),
        Together::Min => one.min(other),
    }
}

/// A count as a gauge tells it; a time is turned into a float without a cast.
pub(super) fn whole(count: u64) -> f64 {
    Duration::from_secs(count).as_secs_f64()
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
