//! The workspace's own chores: `cargo xtask tidy` checks what no compiler checks, `cargo xtask needs`
//! sees to the programs that the checks call.

mod needs;
mod parts;
mod tidy;

use std::process::ExitCode;

fn main() -> ExitCode {
    let chore = std::env::args().nth(1);
    let outcome = match chore.as_deref() {
        Some("tidy") => tidy::faults(),
        Some("needs") => needs::missing(),
        _ => Err(anyhow::anyhow!("say which chore: cargo xtask tidy | needs")),
    };
    match outcome {
        Ok(faults) if faults.is_empty() => ExitCode::SUCCESS,
        Ok(faults) => {
            report(&faults.join("\n"));
            ExitCode::FAILURE
        }
        Err(error) => {
            report(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

#[expect(clippy::print_stderr, reason = "this is where the chores talk to a person")]
fn report(text: &str) {
    eprintln!("{text}");
}
