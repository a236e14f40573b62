//! The program: reads the command line, does what it says, and tells how it went by its exit code.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
