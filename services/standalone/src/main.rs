//! The `yizhan` binary. Every command is one module; this file only says which there are.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program of the command line")]

mod books;
mod check;
mod demo;
mod offline;
mod platform;
mod serve;
mod services;
mod shown;

use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use yizhan_runtime::config::ConfigProblems;
use yizhan_runtime::process::{EXIT_BAD_CONFIG, told_once};

use crate::books::BooksArguments;
use crate::check::CheckArguments;
use crate::serve::ServeArguments;

/// One-stop medical-insurance settlement (医保一站式结算). Without a command: the demo.
#[derive(Parser)]
#[command(name = "yizhan", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// A guided run against the real servers on this machine: enrol, settle, print, reverse, wait and repair, file away from home, check the books.
    Demo {
        /// Folder of the demo's data; what an earlier demo left there is removed.
        #[arg(long, default_value = "data/demo")]
        data: PathBuf,
    },
    /// Run every service in one process.
    Serve(ServeArguments),
    /// Settle an invented visit through deployed services, see that audit and credit know of it, and reverse it: what `helm test` runs.
    CheckDeployment(CheckArguments),
    /// Check the books of areas, which are folded again: what the chart runs every night.
    CheckBooks(BooksArguments),
    /// Work with benefit policies (待遇政策), offline.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Settle one case by policy files, offline, and show how every amount came about.
    Settle(offline::SettleArguments),
}

#[derive(Subcommand)]
enum PolicyCommand {
    /// Report every problem of policy documents, with line and column.
    Check(offline::PolicyCheckArguments),
    /// Settle cases with what is expected of them, and tell what is not so; exit code 1 on a difference.
    Test(offline::TestArguments),
    /// Tell what a document changes beside another, and for whom.
    Diff(offline::DiffArguments),
    /// Settle what was settled under a draft beside what stands, and tell who gains and who loses; nothing is written.
    Try(offline::TryArguments),
    /// Print a policy document in words, to check it against the published paper.
    Explain(offline::ExplainArguments),
}

const ABOUT: &str = "\
Yizhan (一站) settles one medical visit across every payer in one step.
Without a command this is `yizhan demo`: it starts the services on free ports of this machine and uses them over gRPC.
Other commands: serve, check-deployment, policy check, test, try, diff and explain, settle. `yizhan help` describes them; README.md says the rest.
";

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return offline::usage(&error),
    };
    match arguments.command {
        None => {
            println!("{ABOUT}");
            run(demo::demo(PathBuf::from("data/demo")))
        }
        Some(Command::Demo { data }) => run(demo::demo(data)),
        Some(Command::Serve(arguments)) => run(serve::serve(arguments)),
        Some(Command::CheckDeployment(arguments)) => run(check::check(arguments)),
        Some(Command::CheckBooks(arguments)) => run(books::check(arguments)),
        Some(Command::Policy(command)) => policy(&command),
        Some(Command::Settle(asked)) => asked.output.of(|| offline::settle(&asked)),
    }
}

fn policy(command: &PolicyCommand) -> ExitCode {
    match command {
        PolicyCommand::Check(asked) => asked.output.of(|| offline::check(asked)),
        PolicyCommand::Test(asked) => asked.output.of(|| offline::test(asked)),
        PolicyCommand::Diff(asked) => asked.output.of(|| offline::diff(asked)),
        PolicyCommand::Try(asked) => asked.output.of(|| offline::try_draft(asked)),
        PolicyCommand::Explain(asked) => asked.output.of(|| offline::explain(asked)),
    }
}

/// Runs an online command to its end.
fn run(command: impl Future<Output = anyhow::Result<()>>) -> ExitCode {
    let result = tokio::runtime::Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(command));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("yizhan: {}", told_once(&error));
            if error.is::<ConfigProblems>() { ExitCode::from(EXIT_BAD_CONFIG) } else { ExitCode::FAILURE }
        }
    }
}
