//! The `yizhan` binary. Every command is one module; this file only says which there are.

mod offline;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// One-stop medical-insurance settlement (医保一站式结算).
#[derive(Parser)]
#[command(name = "yizhan", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Work with benefit policies (待遇政策), offline.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Settle one case by policy files, offline, and show how every amount came about.
    Settle {
        /// Policy documents (YAML); without any, the embedded ones.
        #[arg(long, num_args = 1..)]
        policy: Vec<PathBuf>,
        /// The case (docs/POLICY.md, "A case").
        #[arg(long)]
        case: PathBuf,
        /// Print the outcome as JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
enum PolicyCommand {
    /// Report every problem of policy documents, with line and column.
    Check {
        /// Policy documents (YAML), checked together.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Print a policy document in words, to check it against the published paper.
    Explain {
        /// A policy document (YAML).
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return offline::usage(&error),
    };
    match arguments.command {
        Command::Policy(PolicyCommand::Check { files }) => offline::check(&files),
        Command::Policy(PolicyCommand::Explain { file }) => offline::explain(&file),
        Command::Settle { policy, case, json } => offline::settle(&policy, &case, json),
    }
}
