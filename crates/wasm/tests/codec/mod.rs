//! A small codec of messages over the shape of a component, and values to try it with.
#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "a broken fixture fails the test; each test program uses a part of it"
)]

use hostbox_wasm::component::{BASE, Component};
use serde_json::Value as Json;

/// A value of any type: what a flat one looks like in memory, and the rest by its parts.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Bits(u64),
    Text(String),
    /// Lists, records, tuples.
    Parts(Vec<Value>),
    /// Variants, enums, options, results.
    Case(usize, Option<Box<Value>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flat {
    I32,
    I64,
    F32,
    F64,
}

#[derive(Debug)]
pub struct Codec {
    pub shape: Json,
}

/// Memory from an address on.
pub struct Memory {
    pub base: usize,
    pub bytes: Vec<u8>,
}

impl Memory {
    pub fn at(base: usize) -> Self {
        Self { base, bytes: Vec::new() }
    }

    fn take(&mut self, bytes: usize, align: usize) -> usize {
        let start = (self.base + self.bytes.len()).next_multiple_of(align);
        self.bytes.resize(start + bytes - self.base, 0);
        start
    }

    fn put(&mut self, at: usize, size: usize, bits: u64) {
        self.bytes[at - self.base..][..size].copy_from_slice(&bits.to_le_bytes()[..size]);
    }

    fn get(&self, at: usize, size: usize) -> u64 {
        let mut bits = [0; 8];
        bits[..size].copy_from_slice(&self.bytes[at - self.base..][..size]);
        u64::from_le_bytes(bits)
    }
}

impl Codec {
    pub fn new(component: &Component) -> Self {
        Self { shape: serde_json::from_str(component.shape()).expect("a shape") }
    }

    /// The description of an exported function.
    pub fn function(&self, name: &str) -> &Json {
        let interfaces = self.shape["exports"].as_array().unwrap();
        let mut functions = interfaces.iter().flat_map(|interface| interface["functions"].as_array().unwrap());
        functions.find(|function| function["name"] == name).unwrap_or_else(|| panic!("no function {name}"))
    }

    /// The description of a function that it imports, by number.
    pub fn import(&self, number: u32) -> Option<&Json> {
        let interfaces = self.shape["imports"].as_array().unwrap();
        let mut functions = interfaces.iter().flat_map(|interface| interface["functions"].as_array().unwrap());
        functions.find(|function| function["number"] == number)
    }

    /// The name of what ends with this number.
    pub fn end(&self, number: u32) -> String {
        let mut resources = self.shape["resources"].as_array().unwrap().iter();
        let ended = resources.find(|resource| resource["side"] == "import" && resource["drop"] == number);
        format!("drop {}", ended.expect("a resource")["name"].as_str().unwrap())
    }

    /// The number that ends a resource of the component.
    pub fn drop_of(&self, name: &str) -> u32 {
        let mut resources = self.shape["resources"].as_array().unwrap().iter();
        let found = resources.find(|resource| resource["side"] == "export" && resource["name"] == name);
        found.expect("a resource")["drop"].as_u64().unwrap() as u32
    }

    pub fn arguments(&self, function: &Json, values: &[Value]) -> Vec<u8> {
        let types: Vec<_> = function["params"].as_array().unwrap().iter().map(|param| &param["type"]).collect();
        let flat: Vec<_> = types.iter().flat_map(|ty| self.flat(ty)).collect();
        let mut memory = Memory::at(BASE as usize);
        if flat.len() > 16 {
            let (size, align, offsets) = self.record(&types);
            let at = memory.take(size, align);
            for ((ty, value), offset) in types.iter().zip(values).zip(offsets) {
                self.store(ty, value, &mut memory, at + offset);
            }
            return memory.bytes;
        }
        let at = memory.take(8 * flat.len(), 16);
        memory.take(0, 16);
        let slots: Vec<_> =
            types.iter().zip(values).flat_map(|(ty, value)| self.lower(ty, value, &mut memory)).collect();
        for (index, bits) in slots.into_iter().enumerate() {
            memory.put(at + 8 * index, 8, bits);
        }
        memory.bytes
    }

    /// What a function answered.
    pub fn result(&self, function: &Json, answer: &[u8]) -> Option<Value> {
        let ty = &function["result"];
        if ty.is_null() {
            return None;
        }
        let base = u32::from_le_bytes(answer[..4].try_into().unwrap()) as usize;
        let memory = Memory { base, bytes: answer[16..].to_vec() };
        Some(self.answer(ty, &memory, base))
    }

    /// The value of a result, in a slot or in memory.
    pub fn answer(&self, ty: &Json, memory: &Memory, at: usize) -> Value {
        match self.flat(ty).as_slice() {
            [_] => self.lift(ty, &[memory.get(at, 8)]),
            _ => self.load(ty, memory, at),
        }
    }

    /// The answer of a function of the host, for its address.
    pub fn reply(&self, ty: &Json, value: &Value, reply: u32) -> Vec<u8> {
        let mut memory = Memory::at(reply as usize);
        if self.flat(ty).len() == 1 {
            let at = memory.take(8, 8);
            let bits = self.lower(ty, value, &mut memory);
            memory.put(at, 8, bits[0]);
        } else {
            let (size, align) = self.layout(ty);
            let at = memory.take(size, align);
            self.store(ty, value, &mut memory, at);
        }
        memory.bytes
    }

    /// The parameters of a call of the host.
    pub fn parameters(&self, function: &Json, at: u32, args: &[u8]) -> Vec<Value> {
        let types: Vec<_> = function["params"].as_array().unwrap().iter().map(|param| &param["type"]).collect();
        let memory = Memory { base: BASE as usize, bytes: args.to_vec() };
        let counts: Vec<_> = types.iter().map(|ty| self.flat(ty).len()).collect();
        let at = at as usize;
        if counts.iter().sum::<usize>() > 16 {
            let (_, _, offsets) = self.record(&types);
            return types.iter().zip(offsets).map(|(ty, offset)| self.load(ty, &memory, at + offset)).collect();
        }
        let mut index = 0;
        let mut values = Vec::new();
        for (ty, count) in types.iter().zip(counts) {
            let slots: Vec<_> = (0..count).map(|n| memory.get(at + 8 * (index + n), 8)).collect();
            values.push(self.lift_from(ty, &slots, &memory));
            index += count;
        }
        values
    }

    fn defined(&self, ty: &Json) -> &Json {
        &self.shape["types"][ty.as_u64().expect("an index") as usize]
    }

    fn cases<'a>(&'a self, defined: &'a Json) -> Vec<&'a Json> {
        match defined["kind"].as_str().unwrap() {
            "variant" => defined["cases"].as_array().unwrap().iter().map(|case| &case["type"]).collect(),
            "enum" => defined["cases"].as_array().unwrap().iter().map(|_| &Json::Null).collect(),
            "option" => vec![&Json::Null, &defined["type"]],
            "result" => vec![&defined["ok"], &defined["err"]],
            other => panic!("no cases: {other}"),
        }
    }

    fn parts<'a>(&'a self, defined: &'a Json) -> Option<Vec<&'a Json>> {
        match defined["kind"].as_str().unwrap() {
            "record" => Some(defined["fields"].as_array().unwrap().iter().map(|field| &field["type"]).collect()),
            "tuple" => Some(defined["types"].as_array().unwrap().iter().collect()),
            _ => None,
        }
    }

    /// Size, alignment and offsets.
    fn record(&self, types: &[&Json]) -> (usize, usize, Vec<usize>) {
        let (mut end, mut most) = (0usize, 1);
        let mut offsets = Vec::new();
        for ty in types {
            let (size, align) = self.layout(ty);
            most = most.max(align);
            end = end.next_multiple_of(align);
            offsets.push(end);
            end += size;
        }
        (end.next_multiple_of(most), most, offsets)
    }

    /// Size of the case's number, and the offset of its value.
    fn variant(&self, cases: &[&Json]) -> (usize, usize) {
        let tag = if cases.len() <= 256 { 1 } else { 2 };
        let align = cases.iter().filter(|ty| !ty.is_null()).map(|ty| self.layout(ty).1).max().unwrap_or(1);
        (tag, tag.next_multiple_of(align))
    }

    /// Size and alignment.
    pub fn layout(&self, ty: &Json) -> (usize, usize) {
        if let Some(name) = ty.as_str() {
            return match name {
                "bool" | "u8" | "s8" => (1, 1),
                "u16" | "s16" => (2, 2),
                "u32" | "s32" | "f32" | "char" => (4, 4),
                "u64" | "s64" | "f64" => (8, 8),
                "string" => (8, 4),
                other => panic!("{other}"),
            };
        }
        let defined = self.defined(ty);
        if let Some(parts) = self.parts(defined) {
            let (size, align, _) = self.record(&parts);
            return (size, align);
        }
        match defined["kind"].as_str().unwrap() {
            "list" => (8, 4),
            "own" | "borrow" => (4, 4),
            "flags" => match defined["flags"].as_array().unwrap().len() {
                ..=8 => (1, 1),
                9..=16 => (2, 2),
                _ => (4, 4),
            },
            _ => {
                let cases = self.cases(defined);
                let (tag, offset) = self.variant(&cases);
                let layouts: Vec<_> = cases.iter().filter(|ty| !ty.is_null()).map(|ty| self.layout(ty)).collect();
                let align = layouts.iter().map(|(_, align)| *align).max().unwrap_or(1).max(tag);
                let size = layouts.iter().map(|(size, _)| *size).max().unwrap_or(0);
                ((offset + size).next_multiple_of(align), align)
            }
        }
    }

    fn flat(&self, ty: &Json) -> Vec<Flat> {
        if let Some(name) = ty.as_str() {
            return match name {
                "u64" | "s64" => vec![Flat::I64],
                "f32" => vec![Flat::F32],
                "f64" => vec![Flat::F64],
                "string" => vec![Flat::I32; 2],
                _ => vec![Flat::I32],
            };
        }
        let defined = self.defined(ty);
        if let Some(parts) = self.parts(defined) {
            return parts.iter().flat_map(|ty| self.flat(ty)).collect();
        }
        match defined["kind"].as_str().unwrap() {
            "list" => vec![Flat::I32; 2],
            "own" | "borrow" | "flags" => vec![Flat::I32],
            _ => {
                let mut joined = vec![Flat::I32];
                for case in self.cases(defined).into_iter().filter(|ty| !ty.is_null()) {
                    for (index, flat) in self.flat(case).into_iter().enumerate() {
                        match joined.get_mut(index + 1) {
                            None => joined.push(flat),
                            Some(other) if *other == flat => {}
                            Some(other @ (Flat::I32 | Flat::F32)) if matches!(flat, Flat::I32 | Flat::F32) => {
                                *other = Flat::I32
                            }
                            Some(other) => *other = Flat::I64,
                        }
                    }
                }
                joined
            }
        }
    }

    pub fn store(&self, ty: &Json, value: &Value, memory: &mut Memory, at: usize) {
        match value {
            Value::Bits(bits) => memory.put(at, self.layout(ty).0, *bits),
            Value::Text(text) => {
                let place = memory.take(text.len(), 1);
                memory.bytes[place - memory.base..].copy_from_slice(text.as_bytes());
                memory.put(at, 4, place as u64);
                memory.put(at + 4, 4, text.len() as u64);
            }
            Value::Parts(values) => {
                let defined = self.defined(ty);
                if let Some(parts) = self.parts(defined) {
                    let (_, _, offsets) = self.record(&parts);
                    for ((part, value), offset) in parts.iter().zip(values).zip(offsets) {
                        self.store(part, value, memory, at + offset);
                    }
                    return;
                }
                let (place, length) = self.store_list(&defined["type"], values, memory);
                memory.put(at, 4, place as u64);
                memory.put(at + 4, 4, length as u64);
            }
            Value::Case(case, payload) => {
                let cases = self.cases(self.defined(ty));
                let (tag, offset) = self.variant(&cases);
                memory.put(at, tag, *case as u64);
                if let Some(payload) = payload {
                    self.store(cases[*case], payload, memory, at + offset);
                }
            }
        }
    }

    fn store_list(&self, element: &Json, values: &[Value], memory: &mut Memory) -> (usize, usize) {
        let (size, align) = self.layout(element);
        let place = memory.take(size * values.len(), align);
        for (index, value) in values.iter().enumerate() {
            self.store(element, value, memory, place + size * index);
        }
        (place, values.len())
    }

    pub fn load(&self, ty: &Json, memory: &Memory, at: usize) -> Value {
        if let Some(name) = ty.as_str() {
            return match name {
                "string" => self.lift_from(ty, &[memory.get(at, 4), memory.get(at + 4, 4)], memory),
                _ => Value::Bits(memory.get(at, self.layout(ty).0)),
            };
        }
        let defined = self.defined(ty);
        if let Some(parts) = self.parts(defined) {
            let (_, _, offsets) = self.record(&parts);
            return Value::Parts(
                parts.iter().zip(offsets).map(|(ty, offset)| self.load(ty, memory, at + offset)).collect(),
            );
        }
        match defined["kind"].as_str().unwrap() {
            "list" => self.lift_from(ty, &[memory.get(at, 4), memory.get(at + 4, 4)], memory),
            "own" | "borrow" | "flags" => Value::Bits(memory.get(at, self.layout(ty).0)),
            _ => {
                let cases = self.cases(defined);
                let (tag, offset) = self.variant(&cases);
                let case = memory.get(at, tag) as usize;
                let payload = cases[case];
                Value::Case(case, (!payload.is_null()).then(|| Box::new(self.load(payload, memory, at + offset))))
            }
        }
    }

    fn lower(&self, ty: &Json, value: &Value, memory: &mut Memory) -> Vec<u64> {
        match value {
            Value::Bits(bits) => vec![*bits],
            Value::Text(text) => {
                let place = memory.take(text.len(), 1);
                memory.bytes[place - memory.base..].copy_from_slice(text.as_bytes());
                vec![place as u64, text.len() as u64]
            }
            Value::Parts(values) => {
                let defined = self.defined(ty);
                if let Some(parts) = self.parts(defined) {
                    return parts.iter().zip(values).flat_map(|(ty, value)| self.lower(ty, value, memory)).collect();
                }
                let (place, length) = self.store_list(&defined["type"], values, memory);
                vec![place as u64, length as u64]
            }
            Value::Case(case, payload) => {
                let mut slots = vec![*case as u64];
                if let Some(payload) = payload {
                    slots.extend(self.lower(self.cases(self.defined(ty))[*case], payload, memory));
                }
                slots.resize(self.flat(ty).len(), 0);
                slots
            }
        }
    }

    fn lift(&self, ty: &Json, slots: &[u64]) -> Value {
        self.lift_from(ty, slots, &Memory::at(0))
    }

    fn lift_from(&self, ty: &Json, slots: &[u64], memory: &Memory) -> Value {
        if let Some(name) = ty.as_str() {
            if name == "string" {
                let bytes = &memory.bytes[slots[0] as usize - memory.base..][..slots[1] as usize];
                return Value::Text(String::from_utf8(bytes.to_vec()).expect("UTF-8"));
            }
            let size = self.layout(ty).0;
            return Value::Bits(slots[0] & (u64::MAX >> (64 - 8 * size)));
        }
        let defined = self.defined(ty);
        if let Some(parts) = self.parts(defined) {
            let mut rest = slots;
            let mut values = Vec::new();
            for part in parts {
                let (own, others) = rest.split_at(self.flat(part).len());
                values.push(self.lift_from(part, own, memory));
                rest = others;
            }
            return Value::Parts(values);
        }
        match defined["kind"].as_str().unwrap() {
            "list" => {
                let element = &defined["type"];
                let (size, _) = self.layout(element);
                let place = slots[0] as usize;
                Value::Parts(
                    (0..slots[1] as usize).map(|index| self.load(element, memory, place + size * index)).collect(),
                )
            }
            "own" | "borrow" | "flags" => Value::Bits(slots[0]),
            _ => {
                let case = slots[0] as usize;
                let payload = self.cases(defined)[case];
                Value::Case(case, (!payload.is_null()).then(|| Box::new(self.lift_from(payload, &slots[1..], memory))))
            }
        }
    }

    /// A value of a type.
    pub fn generate(&self, ty: &Json, random: &mut Random) -> Value {
        if let Some(name) = ty.as_str() {
            return match name {
                "bool" => Value::Bits(random.below(2)),
                "char" => Value::Bits(*random.of(&[0, 0x41, 0xd7ff, 0xe000, 0x1_f980, 0x10_ffff])),
                "string" => Value::Text(
                    random.of(&["", "a", "straße", "🦀 and more", "x\0y"]).to_string().repeat(random.below(9) as usize),
                ),
                // No NaN: which one comes back is left open.
                "f32" => Value::Bits(u64::from((random.below(1 << 20) as f32 / 7.0).to_bits())),
                "f64" => Value::Bits((random.below(1 << 50) as f64 / 7.0).to_bits()),
                _ => Value::Bits(random.next() & (u64::MAX >> (64 - 8 * self.layout(ty).0))),
            };
        }
        let defined = self.defined(ty);
        if let Some(parts) = self.parts(defined) {
            return Value::Parts(parts.iter().map(|ty| self.generate(ty, random)).collect());
        }
        match defined["kind"].as_str().unwrap() {
            "list" => Value::Parts((0..random.below(9)).map(|_| self.generate(&defined["type"], random)).collect()),
            "flags" => Value::Bits(random.below(1 << defined["flags"].as_array().unwrap().len())),
            _ => {
                let cases = self.cases(defined);
                let case = random.below(cases.len() as u64) as usize;
                let payload = (!cases[case].is_null()).then(|| Box::new(self.generate(cases[case], random)));
                Value::Case(case, payload)
            }
        }
    }
}

/// splitmix64
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len() as u64) as usize]
    }
}
