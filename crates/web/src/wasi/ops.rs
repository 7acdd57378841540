//! `host:wasi`: see `ops.d.ts`.

use std::sync::Arc;

use hostbox_buffers::{Cancel, Lent, Store};
use hostbox_engine::{Call, Charge, Completer, ErrorClass, Native, NativeModule, OpError, OpOutcome};
use hostbox_wasm::{Command, Error, Exit, Limits, MemoryAccount, Runner};
use rquickjs::{Array, Value};

use crate::Data;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:wasi",
    functions: &[Native { name: c"run", length: 5, run }, Native { name: c"runById", length: 6, run: run_by_id }],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

/// `Number.MAX_SAFE_INTEGER`.
const MOST: f64 = 9_007_199_254_740_991.0;

/// Linear memories count where the engine's heap does.
pub(crate) struct Account(Charge);

impl Account {
    pub(crate) fn new(charge: Charge) -> Self {
        Self(charge)
    }
}

impl MemoryAccount for Account {
    fn reserve(&mut self, bytes: usize) -> bool {
        self.0.grow(bytes)
    }
}

fn error(error: &Error) -> OpError {
    let class = match error {
        Error::Memory(_) | Error::Fuel | Error::Buffer(hostbox_buffers::Error::Memory { .. }) => ErrorClass::Range,
        Error::Trap { .. } | Error::Cancelled | Error::Unavailable(_) => ErrorClass::Error,
        _ => ErrorClass::Type,
    };
    let message = match error {
        Error::Trap { backtrace, .. } if !backtrace.is_empty() => format!("{error}\n{backtrace}"),
        _ => error.to_string(),
    };
    OpError { class, message, code: Some(error.code().into()), name: None }
}

fn argument(message: impl std::fmt::Display) -> OpError {
    let code = Some("ERR_ARGUMENT".into());
    OpError { class: ErrorClass::Type, message: message.to_string(), code, name: None }
}

/// A number that the guest's side has checked; 0 where it is none that is whole and positive.
fn whole(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Option<u64>> {
    if call.is_undefined(index) {
        return Ok(None);
    }
    let number = call.number(index)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number in range, as was just seen"
    )]
    Ok(Some(if number.fract() == 0.0 && (1.0..=MOST).contains(&number) { number as u64 } else { 0 }))
}

/// What a run needs, taken from the guest's arguments.
struct Run {
    runner: Runner,
    store: Arc<Store>,
    account: Account,
    command: Command,
    limits: Limits,
}

impl Run {
    fn new(call: &Call<'_, '_>) -> rquickjs::Result<Result<Self, OpError>> {
        let data = call.data::<Data>().ok_or(rquickjs::Error::Unknown)?;
        let Some(runner) = data.wasi.clone() else { return Err(rquickjs::Error::Unknown) };
        let store = data.store.clone();
        let args: Vec<String> = call.arg(1).get()?;
        let (fuel, stack_bytes) = (whole(call, 3)?, whole(call, 4)?.map(|bytes| usize::try_from(bytes).unwrap_or(0)));
        let stacks = Limits::GUEST_STACKS;
        if stack_bytes.is_some_and(|bytes| !stacks.contains(&bytes)) {
            let (least, most) = stacks.into_inner();
            return Ok(Err(argument(format!("Expected an integer from {least} to {most} for options.stackBytes"))));
        }
        let account = Account(call.wasm_charge());
        let stdin = match whole(call, 2)?.map(|id| store.lend(id)).transpose() {
            Ok(stdin) => stdin,
            Err(failed) => return Ok(Err(error(&failed.into()))),
        };
        let limits = Limits { stack_bytes, ..Limits::default() };
        Ok(Ok(Self { runner, store, account, command: Command { args, stdin, fuel }, limits }))
    }

    /// Runs it to its end, which completes the operation; it is stopped where nobody waits for that any more.
    fn begin(self, module: Lent, completer: Completer) {
        let Self { runner, account, command, limits, .. } = self;
        let cancel = Cancel::with_flag(completer.cancelled(), None);
        runner.begin(module, command, Box::new(account), limits, cancel, move |end| {
            completer.complete(match end {
                Err(failed) => OpOutcome::Error(error(&failed)),
                Ok(Exit { code, stdout, stderr }) => OpOutcome::Finish(Box::new(move |ctx, _| {
                    let answer = Array::new(ctx.clone())?;
                    answer.set(0, code)?;
                    answer.set(1, number(stdout))?;
                    answer.set(2, number(stderr))?;
                    Ok(answer.into_value())
                })),
            });
        });
    }
}

#[expect(clippy::cast_precision_loss, reason = "ids stay below 2⁵³")]
fn number(id: u64) -> f64 {
    id as f64
}

fn run<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let run = match Run::new(call)? {
        Ok(run) => run,
        Err(failed) => return call.settled(Err(&failed)),
    };
    let module = match call.with_bytes(0, |bytes| run.store.put_copy(bytes)) {
        Some(Ok(id)) => consumed(&run.store, id),
        Some(Err(failed)) => Err(failed),
        None => {
            return call
                .settled(Err(&argument("Expected bytes in an ArrayBuffer that is neither shared nor detached")));
        }
    };
    start(call, run, module)
}

fn run_by_id<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let module = whole(call, 0)?.unwrap_or(0);
    let run = match Run::new(call)? {
        Ok(run) => run,
        Err(failed) => return call.settled(Err(&failed)),
    };
    let module = if call.boolean(5) { run.store.lend(module) } else { consumed(&run.store, module) };
    start(call, run, module)
}

/// A buffer whose id is gone; its bytes stay as long as they are lent.
fn consumed(store: &Store, id: u64) -> hostbox_buffers::Result<Lent> {
    let module = store.lend(id)?;
    store.free(id)?;
    Ok(module)
}

fn start<'js>(call: &Call<'_, 'js>, run: Run, module: hostbox_buffers::Result<Lent>) -> Answer<'js> {
    match module {
        Err(failed) => call.settled(Err(&error(&failed.into()))),
        Ok(module) => {
            let (promise, completer) = call.start(None)?;
            run.begin(module, completer);
            Ok(promise)
        }
    }
}
