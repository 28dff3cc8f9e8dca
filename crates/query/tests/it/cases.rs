//! Our own cases, in the same language as Prometheus' scripts, with names removed at once as Prometheus does.

use anyhow::{Context, Result, ensure};
use model::Unlimited;
use query::Engine;
use testkit::MemoryStore;

use crate::{
    compare::check,
    native::load,
    script::{Command, read},
};

#[test]
fn every_case_is_answered_as_written() -> Result<()> {
    let mut questions = 0;
    for case in testkit::cases("query")? {
        let mut store = MemoryStore::new();
        for command in read(&case.text).with_context(|| format!("in {}", case.path.display()))? {
            match command {
                Command::Clear => store = MemoryStore::new(),
                Command::Load(own) => load(&store, &own),
                Command::Eval(eval) => {
                    questions += 1;
                    check(&Engine::default(), &store, &eval, &Unlimited)
                        .with_context(|| format!("{}:{}: {}", case.name, eval.line, eval.query))?;
                }
            }
        }
    }
    ensure!(questions > 0, "no question in any case");
    Ok(())
}
