//! `host:crypto`: see `ops.d.ts`.
//!
//! What takes long leaves the guest's thread; what is quick is done at once, and guest code makes a promise of it.

use std::sync::Arc;

use hostbox_buffers::{Block, Error as StoreError, Store};
use hostbox_engine::{
    Call, ErrorClass, Native, NativeModule, OpError, OpOutcome, array_buffer, bytes_mut, held, hold,
    throw_dom_exception,
};
use rquickjs::{Array, ArrayBuffer, Ctx, IntoJs, Value};

use super::algorithm::{DeriveParams, Hash, Params, Usages};
use super::aws_lc::Part;
use super::derive::{MANY_ROUNDS, pbkdf2_rounds};
use super::ec::Curve;
use super::error::{Failure, Result};
use super::hash::Cancelled;
use super::jwk::Jwk;
use super::key::{self, Encoded, Exported, Format, Generated, Key, Material, Wanted};
use super::{hash, uses};
use crate::Data;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:crypto",
    functions: &[
        Native { name: c"fillRandom", length: 1, run: fill_random },
        Native { name: c"copy", length: 1, run: copy },
        Native { name: c"digest", length: 2, run: digest },
        Native { name: c"generateKey", length: 3, run: generate_key },
        Native { name: c"importKey", length: 5, run: import_key },
        Native { name: c"exportKey", length: 2, run: export_key },
        Native { name: c"describe", length: 1, run: describe },
        Native { name: c"sign", length: 3, run: sign },
        Native { name: c"verify", length: 4, run: verify },
        Native { name: c"encrypt", length: 3, run: encrypt },
        Native { name: c"decrypt", length: 3, run: decrypt },
        Native { name: c"deriveBits", length: 3, run: derive_bits },
        Native { name: c"deriveKey", length: 6, run: derive_key },
        Native { name: c"wrapKey", length: 4, run: wrap_key },
        Native { name: c"unwrapKey", length: 7, run: unwrap_key },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

/// Bytes of data from which on work leaves the guest's thread: about 50 µs.
const MUCH_DATA: usize = 64 << 10;

// ── keys as values ────────────────────────────────────────────────────────────────────────────────────────────────────

/// The opaque object behind a `CryptoKey`.
struct Handle(Arc<Key>);

fn key_of(value: &Value<'_>) -> rquickjs::Result<Arc<Key>> {
    Ok(held::<Handle>(value)?.borrow().0.clone())
}

fn handle<'js>(ctx: &Ctx<'js>, key: Key) -> Answer<'js> {
    hold(ctx, Handle(Arc::new(key)))
}

/// `[type, name, extractable, usages, hash, length, curve, exponent]`, by which guest code makes the key's algorithm.
fn describe<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let key = key_of(&call.arg(0))?;
    let answer = Array::new(call.ctx().clone())?;
    answer.set(0, key.kind.name())?;
    answer.set(1, key.scheme.name())?;
    answer.set(2, key.extractable)?;
    answer.set(3, key.usages.bits())?;
    answer.set(4, key.hash.map(Hash::name))?;
    match &key.material {
        Material::Symmetric { bits, .. } => answer.set(5, *bits)?,
        Material::EcPrivate(half) => answer.set(6, half.curve().name())?,
        Material::EcPublic(half) => answer.set(6, half.curve().name())?,
        Material::OkpPrivate(_) | Material::OkpPublic(_) => {}
        Material::Rsa(material) => {
            answer.set(5, material.bits())?;
            let exponent = material.part(Part::E).unwrap_or_default();
            answer.set(7, ArrayBuffer::new_copy(call.ctx().clone(), &exponent[..])?)?;
        }
    }
    Ok(answer.into_value())
}

// ── arguments ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/// Members of a normalised algorithm. The object is guest code's own and inherits nothing.
fn params(value: &Value<'_>) -> rquickjs::Result<Params> {
    let Some(object) = value.as_object() else { return Err(rquickjs::Error::Unknown) };
    let bytes = |name: &str| -> rquickjs::Result<Option<Vec<u8>>> {
        let value: Value<'_> = object.get(name)?;
        Ok(bytes_mut(object.ctx(), &value, |bytes| bytes.to_vec()))
    };
    let number = |name: &str| object.get::<_, Option<f64>>(name).map(|number| number.map(whole));
    Ok(Params {
        name: object.get("name")?,
        hash: object.get::<_, Option<String>>("hash")?.as_deref().and_then(Hash::from_name),
        curve: object.get::<_, Option<String>>("namedCurve")?.as_deref().and_then(Curve::from_name),
        length: number("length")?,
        iv: bytes("iv")?,
        counter: bytes("counter")?,
        additional_data: bytes("additionalData")?,
        tag_length: number("tagLength")?,
        salt: bytes("salt")?,
        info: bytes("info")?,
        iterations: number("iterations")?.unwrap_or(0),
        label: bytes("label")?,
        salt_length: number("saltLength")?.unwrap_or(0),
        modulus_length: number("modulusLength")?.unwrap_or(0),
        public_exponent: bytes("publicExponent")?.unwrap_or_default(),
    })
}

fn derive_params(value: &Value<'_>) -> rquickjs::Result<DeriveParams> {
    let public: Option<Value<'_>> = value.as_object().map(|object| object.get("public")).transpose()?;
    let public = public.filter(Value::is_object).map(|public| key_of(&public)).transpose()?;
    Ok(DeriveParams { params: params(value)?, public })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "guest code has converted it; else it is clamped"
)]
fn whole(number: f64) -> u32 {
    number as u32
}

fn format(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Format> {
    Format::from_name(&call.string(index)?).ok_or(rquickjs::Error::Unknown)
}

/// Extractability and usages, in this order from `index` on.
fn wanted(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Wanted> {
    let usages = u8::try_from(whole(call.number(index + 1)?)).unwrap_or(0);
    Ok(Wanted { extractable: call.boolean(index), usages: Usages::from_bits(usages) })
}

/// Bytes of an argument, copied before the native function returns. Many are on the store's account as long as work needs them.
enum Input {
    Small(zeroize::Zeroizing<Vec<u8>>),
    Stored { store: Arc<Store>, id: u64 },
}

impl Input {
    fn new(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Self> {
        let store = call.data::<Data>().map(|data| data.store.clone()).ok_or(rquickjs::Error::Unknown)?;
        let input = call.with_bytes(index, |bytes| {
            if bytes.len() <= MUCH_DATA {
                return Ok(Self::Small(bytes.to_vec().into()));
            }
            store.put_copy(bytes).map(|id| Self::Stored { store: store.clone(), id })
        });
        // A detached buffer has no bytes.
        input.unwrap_or_else(|| Ok(Self::Small(Vec::new().into()))).map_err(|failed| call.throw(&no_room(&failed)))
    }

    fn is_much(&self) -> bool {
        matches!(self, Self::Stored { .. })
    }

    fn read<T>(&self, read: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
        match self {
            Self::Small(bytes) => read(bytes),
            Self::Stored { store, id } => {
                store.read(*id, read).unwrap_or_else(|_| Err(super::error::operation("the data is gone")))
            }
        }
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        if let Self::Stored { store, id } = self {
            let _ = store.free(*id);
        }
    }
}

fn no_room(failed: &StoreError) -> OpError {
    OpError { class: ErrorClass::Range, message: failed.to_string(), code: Some(failed.code().into()), name: None }
}

// ── results ───────────────────────────────────────────────────────────────────────────────────────────────────────────

enum Outcome {
    Bytes(Vec<u8>),
    Truth(bool),
    Key(Box<Key>),
    Generated(Box<Generated>),
}

impl Outcome {
    fn secret(mut bytes: key::Secret) -> Self {
        Self::Bytes(std::mem::take(&mut bytes))
    }

    fn into_js<'js>(self, ctx: &Ctx<'js>) -> Answer<'js> {
        match self {
            Self::Bytes(bytes) if bytes.len() <= 1024 => {
                Ok(ArrayBuffer::new_copy(ctx.clone(), &bytes[..])?.into_value())
            }
            Self::Bytes(bytes) => array_buffer(ctx, Block::from_vec(bytes)),
            Self::Truth(truth) => Ok(Value::new_bool(ctx.clone(), truth)),
            Self::Key(key) => handle(ctx, *key),
            Self::Generated(generated) => match *generated {
                Generated::One(key) => handle(ctx, key),
                Generated::Two { public, private } => {
                    let pair = Array::new(ctx.clone())?;
                    pair.set(0, handle(ctx, public)?)?;
                    pair.set(1, handle(ctx, private)?)?;
                    Ok(pair.into_value())
                }
            },
        }
    }
}

fn settle<'js>(ctx: &Ctx<'js>, outcome: Result<Outcome>) -> Answer<'js> {
    match outcome {
        Ok(outcome) => outcome.into_js(ctx),
        Err(Failure { name, message }) => Err(throw_dom_exception(ctx, name, &message)),
    }
}

/// Does the work: on a thread of the I/O runtime where it is heavy, and gives a promise then.
fn run<'js>(
    call: &Call<'_, 'js>,
    is_heavy: bool,
    work: impl FnOnce(Cancelled<'_>) -> Result<Outcome> + Send + 'static,
) -> Answer<'js> {
    if !is_heavy {
        return settle(call.ctx(), work(&|| false));
    }
    call.offload(None, move |completer| {
        let outcome = work(&|| completer.is_cancelled());
        OpOutcome::Finish(Box::new(move |ctx, _| settle(ctx, outcome)))
    })
}

// ── functions ─────────────────────────────────────────────────────────────────────────────────────────────────────────

fn fill_random<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let view = call.arg(0);
    match call.with_bytes_mut(&view, getrandom::fill) {
        Some(Err(_)) => Err(call.throw_dom("OperationError", "the system has no random bytes")),
        // A detached buffer has no bytes to fill.
        _ => Ok(call.undefined()),
    }
}

fn copy<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let length = call.with_bytes(0, <[u8]>::len).unwrap_or(0);
    if !call.has_room(length) {
        let message = format!("memoryBytes: there is no room for {length} bytes in this sandbox's memory");
        return Err(call.throw(&no_room(&StoreError::Memory { message })));
    }
    let bytes = call.with_bytes(0, <[u8]>::to_vec).unwrap_or_default();
    Outcome::Bytes(bytes).into_js(call.ctx())
}

fn digest<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (params, data) = (params(&call.arg(0))?, Input::new(call, 1)?);
    run(call, data.is_much(), move |is_cancelled| {
        let hash = Hash::from_name(&params.name).ok_or_else(|| super::error::unsupported("unknown algorithm"))?;
        data.read(|data| hash::digest(hash, data, is_cancelled)).map(Outcome::Bytes)
    })
}

fn generate_key<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (params, wanted) = (params(&call.arg(0))?, wanted(call, 1)?);
    let is_rsa = params.modulus_length > 0;
    run(call, is_rsa, move |is_cancelled| {
        Ok(Outcome::Generated(Box::new(key::generate(&params, wanted, is_cancelled)?)))
    })
}

fn import_key<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (format, params, wanted) = (format(call, 0)?, params(&call.arg(2))?, wanted(call, 3)?);
    let imported = if format == Format::Jwk {
        let json = zeroize::Zeroizing::new(call.string(1)?);
        Jwk::parse(json.as_bytes()).and_then(|jwk| key::import(&Encoded::Jwk(&jwk), &params, wanted))
    } else {
        let read = |bytes: &[u8]| key::import(&Encoded::from_bytes(format, bytes)?, &params, wanted);
        call.with_bytes(1, read).unwrap_or_else(|| read(&[]))
    };
    settle(call.ctx(), imported.map(|key| Outcome::Key(Box::new(key))))
}

fn export_key<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (format, key) = (format(call, 0)?, key_of(&call.arg(1))?);
    match key::export(format, &key) {
        Ok(Exported::Bytes(bytes)) => Outcome::secret(bytes).into_js(call.ctx()),
        Ok(Exported::Jwk(jwk)) => String::from_utf8_lossy(&jwk.to_json()).into_js(call.ctx()),
        Err(failure) => settle(call.ctx(), Err(failure)),
    }
}

fn sign<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (params, key, data) = (params(&call.arg(0))?, key_of(&call.arg(1))?, Input::new(call, 2)?);
    run(call, data.is_much() || key.is_slow(), move |is_cancelled| {
        data.read(|data| uses::sign(&params, &key, data, is_cancelled)).map(Outcome::Bytes)
    })
}

fn verify<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (params, key) = (params(&call.arg(0))?, key_of(&call.arg(1))?);
    let (signature, data) = (Input::new(call, 2)?, Input::new(call, 3)?);
    run(call, signature.is_much() || data.is_much(), move |is_cancelled| {
        let verify = |signature: &[u8]| data.read(|data| uses::verify(&params, &key, signature, data, is_cancelled));
        signature.read(verify).map(Outcome::Truth)
    })
}

fn encrypt<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (params, key, data) = (params(&call.arg(0))?, key_of(&call.arg(1))?, Input::new(call, 2)?);
    run(call, data.is_much(), move |_| data.read(|data| uses::encrypt(&params, &key, data)).map(Outcome::Bytes))
}

fn decrypt<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (params, key, data) = (params(&call.arg(0))?, key_of(&call.arg(1))?, Input::new(call, 2)?);
    run(call, data.is_much() || key.is_slow(), move |_| {
        data.read(|data| uses::decrypt(&params, &key, data)).map(Outcome::secret)
    })
}

/// Whether a derivation of so many bits is too long for the guest's thread.
fn is_long(derive: &DeriveParams, bits: Option<u32>) -> bool {
    let rounds = |hash| pbkdf2_rounds(hash, derive.params.iterations, bits);
    derive.params.hash.is_some_and(|hash| rounds(hash) > MANY_ROUNDS)
}

fn derive_bits<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (derive, key) = (derive_params(&call.arg(0))?, key_of(&call.arg(1))?);
    let bits = if call.arg(2).is_null() { None } else { Some(whole(call.number(2)?)) };
    run(call, is_long(&derive, bits), move |is_cancelled| {
        uses::derive_bits(&derive, &key, bits, is_cancelled).map(Outcome::secret)
    })
}

fn derive_key<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (derive, key) = (derive_params(&call.arg(0))?, key_of(&call.arg(1))?);
    let (imported, length, wanted) = (params(&call.arg(2))?, params(&call.arg(3))?, wanted(call, 4)?);
    run(call, is_long(&derive, length.length), move |is_cancelled| {
        let derived = uses::derive_key(&derive, &key, (&imported, &length, wanted), is_cancelled)?;
        Ok(Outcome::Key(Box::new(derived)))
    })
}

fn wrap_key<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (format, key, wrapping) = (format(call, 0)?, key_of(&call.arg(1))?, key_of(&call.arg(2))?);
    let params = params(&call.arg(3))?;
    run(call, false, move |_| uses::wrap(&params, &wrapping, format, &key).map(Outcome::Bytes))
}

fn unwrap_key<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (format, wrapped, unwrapping) = (format(call, 0)?, Input::new(call, 1)?, key_of(&call.arg(2))?);
    let (params, imported, wanted) = (params(&call.arg(3))?, params(&call.arg(4))?, wanted(call, 5)?);
    run(call, wrapped.is_much() || unwrapping.is_slow(), move |_| {
        let unwrap = |wrapped: &[u8]| uses::unwrap(&params, &unwrapping, format, wrapped, (&imported, wanted));
        wrapped.read(unwrap).map(|key| Outcome::Key(Box::new(key)))
    })
}
