//! A component's world as text.

use wit_component::WitPrinter;

use super::world::World;
use crate::error::{Error, Result};

/// The world, and the packages that it uses as nested ones.
pub(super) fn text(world: &World) -> Result<String> {
    let resolve = &world.resolve;
    let Some(package) = resolve.worlds[world.id].package else {
        return Err(Error::Compile("its world belongs to no package".into()));
    };
    let others: Vec<_> = resolve.packages.iter().map(|(id, _)| id).filter(|id| *id != package).collect();
    let mut printer = WitPrinter::default();
    printer.print(resolve, package, &others).map_err(|error| Error::Compile(format!("{error:#}")))?;
    Ok(printer.output.to_string())
}
