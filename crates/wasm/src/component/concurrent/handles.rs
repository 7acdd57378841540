//! Handles of resources: those of the component's own that the host has, by numbers, and the host's numbers that stand for its own.

use std::collections::HashMap;
use std::mem::MaybeUninit;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime::ValRaw;
use wasmtime::component::__internal::{InterfaceType, LiftContext, LowerContext};
use wasmtime::component::{Lift, Lower, Resource, ResourceAny, ResourceType};

use super::Incoming;
use crate::component::direct::wrong;
use crate::component::host::HostFunctions;

type Result<T> = wasmtime::Result<T>;

/// Any resource of the host's code: which one it is, the types of the component say.
pub(in crate::component) enum HostObject {}

/// Who has what stands as a number in a message to the component: streams, futures and resources.
#[derive(Clone)]
pub(in crate::component) struct Giver {
    pub(in crate::component) host: Arc<dyn HostFunctions>,
    pub(in crate::component) handles: Arc<Handles>,
}

/// Resources of the component that the host has been given.
#[derive(Default)]
pub(in crate::component) struct Handles(Mutex<Numbered>);

#[derive(Default)]
struct Numbered {
    resources: HashMap<u32, ResourceAny>,
    last: u32,
}

/// What stands as a number in a message to the host.
pub(in crate::component) enum Reference {
    /// A resource of the host's code, whose number it is.
    Number(u32),
    /// A resource of the component, which will have a number.
    Resource(ResourceAny),
    /// The same of a stream or a future.
    End(Incoming),
}

fn is_of_host(ty: ResourceType) -> bool {
    ty == ResourceType::host::<HostObject>()
}

impl Reference {
    /// Takes over what a component has under an index, or looks at it where it is lent.
    pub(in crate::component) fn lift(cx: &mut LiftContext<'_>, ty: InterfaceType, index: u32) -> Result<Reference> {
        let raw = ValRaw::u32(index);
        Ok(match ty {
            InterfaceType::Own(resource) | InterfaceType::Borrow(resource)
                if is_of_host(cx.resource_type(resource)) =>
            {
                Reference::Number(Resource::<HostObject>::linear_lift_from_flat(cx, ty, &raw)?.rep())
            }
            InterfaceType::Own(_) => Reference::Resource(ResourceAny::linear_lift_from_flat(cx, ty, &raw)?),
            // A component lends its own to nobody: only functions that it imports could be lent it, and they do not know its type.
            InterfaceType::Borrow(_) => return Err(wrong("a handle that does not cross")),
            _ => Reference::End(Incoming::lift(cx, ty, index)?),
        })
    }
}

impl Handles {
    fn lock(&self) -> MutexGuard<'_, Numbered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::component) fn count(&self) -> usize {
        self.lock().resources.len()
    }

    /// A number that no other one has.
    pub(in crate::component) fn add(&self, resource: ResourceAny) -> u32 {
        let mut numbered = self.lock();
        loop {
            numbered.last = numbered.last.wrapping_add(1);
            let number = numbered.last;
            if let std::collections::hash_map::Entry::Vacant(place) = numbered.resources.entry(number) {
                place.insert(resource);
                return number;
            }
        }
    }

    /// What has a number no more.
    pub(in crate::component) fn take(&self, number: u32) -> Option<ResourceAny> {
        self.lock().resources.remove(&number)
    }

    /// Gives a component the resource of a number, or lends it; its index there.
    pub(in crate::component) fn lower<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        number: u32,
    ) -> Result<u32> {
        let (resource, is_own) = match ty {
            InterfaceType::Own(resource) => (resource, true),
            InterfaceType::Borrow(resource) => (resource, false),
            _ => return Err(wrong("no handle")),
        };
        let mut index = MaybeUninit::uninit();
        if is_of_host(cx.resource_type(resource)) {
            let make = if is_own { Resource::<HostObject>::new_own } else { Resource::<HostObject>::new_borrow };
            make(number).linear_lower_to_flat(cx, ty, &mut index)?;
        } else {
            let known = if is_own { self.take(number) } else { self.lock().resources.get(&number).copied() };
            known.ok_or_else(|| wrong("a handle that there is not"))?.linear_lower_to_flat(cx, ty, &mut index)?;
        }
        // SAFETY: lowering that went well has written it.
        let index: ValRaw = unsafe { index.assume_init() };
        Ok(index.get_u32())
    }
}
