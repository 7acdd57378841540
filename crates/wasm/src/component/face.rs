//! What is known of a component without its code, as text.

use serde_json::{Value, json};

use super::{Direct, Face, Imported, ImportedResource};

impl Face {
    pub(super) fn to_json(&self) -> Value {
        let imported = |found: &Imported| json!([found.name, found.reply, found.is_async, found.params, found.results]);
        let imported: Vec<_> = self.imported.iter().map(imported).collect();
        let direct = |direct: &Direct| json!([direct.interface, direct.name, direct.is_memory, direct.results]);
        let direct: Vec<_> = self.direct.iter().map(|found| found.as_ref().map(direct)).collect();
        let resource = |found: &ImportedResource| json!([found.interface, found.name, found.end]);
        let resources: Vec<_> = self.resources.iter().map(resource).collect();
        json!({
            "resources": resources, "direct": direct, "shape": self.shape, "wit": self.wit, "imports": self.imports, "exports": self.exports,
            "exported": self.exported, "imported": imported, "concurrent": self.is_concurrent,
        })
    }

    pub(super) fn from_json(value: &Value) -> Option<Face> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let number = |value: &Value| usize::try_from(value.as_u64()?).ok();
        let list = |name: &str| value[name].as_array();
        let count = |value: &Value| u8::try_from(value.as_u64()?).ok();
        let imported = |value: &Value| {
            Some(Imported {
                name: text(&value[0])?,
                reply: number(&value[1])?,
                is_async: value[2].as_bool()?,
                params: count(&value[3])?,
                results: count(&value[4])?,
            })
        };
        let direct = |value: &Value| match value {
            Value::Null => Some(None),
            value => Some(Some(Direct {
                interface: text(&value[0]),
                name: text(&value[1])?,
                is_memory: value[2].as_bool()?,
                results: count(&value[3])?,
            })),
        };
        let resource = |value: &Value| {
            let end = u32::try_from(value[2].as_u64()?).ok()?;
            Some(ImportedResource { interface: text(&value[0]), name: text(&value[1])?, end })
        };
        Some(Face {
            resources: list("resources")?.iter().map(resource).collect::<Option<_>>()?,
            functions: list("direct")?.len(),
            direct: list("direct")?.iter().map(direct).collect::<Option<_>>()?,
            shape: text(&value["shape"])?,
            wit: text(&value["wit"])?,
            imports: list("imports")?.iter().map(text).collect::<Option<_>>()?,
            exports: list("exports")?.iter().map(text).collect::<Option<_>>()?,
            exported: list("exported")?.iter().map(number).collect::<Option<_>>()?,
            imported: list("imported")?.iter().map(imported).collect::<Option<_>>()?,
            is_concurrent: value["concurrent"].as_bool()?,
        })
    }
}
