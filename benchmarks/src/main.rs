//! One command, one table: what the platform does in a second, next to what the machine could do. `benchmarks/run`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program of the command line")]

mod allocations;
mod asking;
mod audit;
mod bare;
mod bare_lookup;
mod bare_read;
mod bare_server;
mod bare_transaction;
mod bill;
mod engine;
mod everything;
mod filed;
mod filings;
mod load;
mod lookups;
mod machine;
mod options;
mod overload;
mod parts;
mod platform;
mod qualifications;
mod raw;
mod report;
mod rosters;
mod scale;
mod settling;
mod soak;
mod telemetry;
mod trial;

use std::process::ExitCode;

use options::{HELP, Options};
use report::Report;

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    let first = arguments.peek().cloned().unwrap_or_default();
    if [bare_lookup::COMMAND, bare_read::COMMAND].contains(&first.as_str()) {
        let rest = arguments.skip(1);
        let served = if first == bare_read::COMMAND {
            bare_read::serve(rest).await
        } else {
            bare_lookup::serve(rest).await
        };
        return match served {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error:#}");
                ExitCode::FAILURE
            }
        };
    }
    let options = match Options::read() {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::from(64);
        }
    };
    let machine = machine::description();
    let mut report = Report::default();
    if let Err(error) = parts::run(&options, &mut report).await {
        eprintln!("the benchmark failed: {error:?}");
        return ExitCode::FAILURE;
    }
    println!("{machine}\n\n{}", report.table());
    if report.all_met() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
