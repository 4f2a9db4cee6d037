//! A draft tried on a year of stored cases: JSON lines read, settled under what stands and under the draft, and counted, on one core. Of a
//! million cases three of four are of persons with several: what one person's cases come to is carried.

use std::io::Write;
use std::time::Instant;

use anyhow::{Context, ensure};
use yizhan_policy::trial::{Options as Tried, Stored, Trial};
use yizhan_policy::{find, load, together};

use crate::options::Options;
use crate::report::{Report, count};
use crate::{bill, machine};

/// Cases of a person, by turns.
const OF_PERSON: [u64; 4] = [1, 2, 4, 1];
/// Most memory that reading and settling may take beyond what the program takes at rest.
const MOST_KIB: u64 = 64 * 1024;

/// Measures it; with `BENCH_HISTORY` the cases are written to that file as well, for `yizhan policy try`.
pub fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let loaded = yizhan_policy::embedded().iter().map(|(name, text)| load(name, text));
    let policies = together(loaded.collect::<Result<_, _>>()?)?;
    let case = bill::case()?;
    let standing = find(&policies, case.area, case.scheme, case.visit.end)?;
    let (_, text) = yizhan_policy::embedded()
        .iter()
        .find(|(name, _)| *name == "composite-seven-payers.yaml")
        .context("the composite")?;
    let draft = load(
        "draft.yaml",
        &text.replace(
            "[third], status: [in_service] }, ratio: 85% }",
            "[third], status: [in_service] }, ratio: 80% }",
        ),
    )?;
    let line = serde_json::to_string(&Stored {
        person: "PERSON".to_owned(),
        id: "CASE".to_owned(),
        case,
        added: None,
    })?;
    let mut file = std::env::var_os("BENCH_HISTORY").map(std::fs::File::create).transpose()?;

    let (this, rest) = (std::process::id(), machine::resident_kib(std::process::id()));
    let mut trial = Trial::new(&draft, |_: &Stored| Ok(standing), Tried { years_later: 0, most: 10 });
    let start = Instant::now();
    let (mut read, mut person) = (0, 0_u64);
    while read < options.cases {
        let of_person = OF_PERSON[usize::try_from(person % 4)?].min(options.cases - read);
        let mut cases = Vec::new();
        for turn in 0..of_person {
            let text =
                line.replace("PERSON", &format!("P{person}")).replace("CASE", &format!("S{person}-{turn}"));
            if let Some(file) = &mut file {
                writeln!(file, "{text}")?;
            }
            cases.push(serde_json::from_str(&text)?);
        }
        trial.person(cases);
        read += of_person;
        person += 1;
    }
    let (spent, told) = (start.elapsed(), trial.report());
    ensure!(told.all.cases == options.cases && told.persons == person, "{told:?}");
    ensure!(told.all.lose > 0, "the draft pays less");
    let peak = machine::peak_kib(this).saturating_sub(rest);
    let rate = options.cases * 1_000 / u64::try_from(spent.as_millis())?.max(1);
    report.info(
        format!(
            "policy try: {} stored cases of {} persons, ten lines, seven payers",
            count(read),
            count(person)
        ),
        format!("{}/s, one core, each read and settled twice", count(rate)),
    );
    report.target(
        "policy try: memory beyond the program at rest",
        format!("{} MiB", peak.div_ceil(1024)),
        "≤ 64 MiB",
        peak <= MOST_KIB,
    );
    Ok(())
}
