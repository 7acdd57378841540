//! A component behind its adapter, as one component that exports `call`, and what needs no adapter, and imports what the component imports.

use std::collections::{BTreeSet, HashSet};

use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId, PackageId};

use super::Face;
use super::inward;
use super::world::World;
use crate::error::{Error, Result};

/// How the name of the interface begins by which components answer HTTP.
const HANDLER: &str = "wasi:http/incoming-handler@0.2.";

/// A component with its adapter.
pub(super) fn wrap(component: &[u8], world: &World, face: &Face) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let inner = Part::new(&mut graph, "hostbox:component", component.to_vec())?;
    let inward = Part::new(&mut graph, "hostbox:inward", inward::encode(world, face)?)?;
    inward.plug(&mut graph, &inner)?;
    let call = graph.alias_instance_export(inward.instance, "call").map_err(failed)?;
    graph.export(call, "call").map_err(failed)?;
    let direct = face.direct.iter().flatten();
    let direct = direct.map(|direct| direct.interface.as_ref().unwrap_or(&direct.name));
    // The host calls it with resources of its own.
    let handler = face.exports.iter().filter(|name| cfg!(feature = "net") && name.starts_with(HANDLER));
    let names: BTreeSet<_> = direct.chain(handler).collect();
    for name in names {
        let export = graph.alias_instance_export(inner.instance, name).map_err(failed)?;
        graph.export(export, name).map_err(failed)?;
    }
    // The machine validates it when it compiles.
    graph.encode(EncodeOptions { validate: false, ..EncodeOptions::default() }).map_err(failed)
}

pub(super) fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Link(chain(error.into().as_ref()))
}

/// An error with its causes, which say what differs.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// A component in a graph, and its one instance.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) package: PackageId,
    pub(super) instance: NodeId,
}

impl Part {
    pub(super) fn new(graph: &mut CompositionGraph, name: &str, bytes: Vec<u8>) -> Result<Part> {
        let package = Package::from_bytes(name, None, bytes, graph.types_mut());
        let package = package.map_err(|error| Error::Link(format!("{error:#}")))?;
        let package = graph.register_package(package).map_err(failed)?;
        Ok(Part { package, instance: graph.instantiate(package) })
    }

    /// Gives this part everything that it imports and the other one exports, and that it has not got yet.
    fn plug(&self, graph: &mut CompositionGraph, other: &Part) -> Result<()> {
        let has = graph.get_instantiation_arguments(self.instance).map(|(name, _)| name.to_string());
        let has: HashSet<_> = has.collect();
        let offered = &graph.types()[graph[other.package].ty()].exports;
        let wanted = graph.types()[graph[self.package].ty()].imports.keys();
        let shared: Vec<_> =
            wanted.filter(|name| offered.contains_key(*name) && !has.contains(*name)).cloned().collect();
        for name in shared {
            let export = graph.alias_instance_export(other.instance, &name).map_err(failed)?;
            graph.set_instantiation_argument(self.instance, &name, export).map_err(failed)?;
        }
        Ok(())
    }
}
