//! `larder bench`: puts a server, or an engine in this process, under load.
//!
//! A load generator that costs more than the server it measures measures itself. So requests are copied from templates,
//! replies are counted and not decoded, a batch is one write, and a thread's sockets are waited for together.
//!
//! | question | file |
//! |---|---|
//! | which options are there? | `options` |
//! | what is sent? | `operation` |
//! | how are replies counted? | `replies` |
//! | when is what sent, and how long did it take? | `drive`, `connections`; `inside` for an engine in this process |
//! | who listens to what is published? | `listeners` |
//! | what is counted and shown? | `tally`, `report` |

mod connections;
mod drive;
mod inside;
mod listeners;
mod operation;
mod options;
mod replies;
mod report;
mod tally;

use crate::args::Address;
use crate::execute;
use crate::failure::Failure;
use connections::Connections;
use drive::{End, Plan};
use indicatif::{ProgressBar, ProgressStyle};
use larder_load::{Distribution, Keys};
use listeners::Heard;
use operation::{Mix, Operation, Source};
use options::{Options, Request};
use report::Report;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tally::Tally;

/// Requests on their way while keys are written, where latencies do not matter.
const FILL_PIPELINE: usize = 64;
/// When subscribers have heard nothing for so long, nothing comes any more.
const QUIET: Duration = Duration::from_secs(2);

/// Runs the load generator with the words behind its name.
pub fn bench(args: &[OsString]) -> ExitCode {
    let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let outcome = match options::parse(args, environment) {
        Ok(Request::Help) => {
            execute::write(options::usage().as_bytes()).map(|()| ExitCode::SUCCESS).map_err(Into::into)
        }
        Ok(Request::Run(options)) => run(&options),
        Err(failure) => Err(failure),
    };
    outcome.unwrap_or_else(|failure| {
        match &failure {
            Failure::Usage(text) => eprintln!("larder bench: {text}\nTry 'larder bench --help'."),
            other => other.text().into_iter().for_each(|text| eprintln!("larder bench: {text}")),
        }
        failure.exit_code()
    })
}

/// How an address is written.
fn place(address: &Address) -> String {
    match address {
        Address::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
        Address::Tcp { host, port } => format!("{host}:{port}"),
        Address::Socket(path) => path.display().to_string(),
        Address::Embedded => "embedded".to_owned(),
    }
}

fn run(options: &Options) -> Result<ExitCode, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    // Where no handler can be set, Ctrl-C ends the program at once, which is no harm.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGINT, stop.clone());
    let mut bench = Bench::new(options, stop)?;
    if options.fill {
        bench.fill()?;
    }
    if !options.warm_up.is_zero() {
        let end = End::After(options.warm_up);
        bench.part("warming up", &options.mix, options.pipeline, end, options.rate)?;
    }
    let (tally, delivered) =
        if options.subscribers > 0 { bench.with_listeners()? } else { (bench.measure()?, 0) };
    let report = Report { options, tally, delivered };
    let text = if options.json { format!("{}\n", report.json()) } else { report.text() };
    execute::write(text.as_bytes())?;
    Ok(if report.tally.errors() > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Whom a thread asks.
#[derive(Debug)]
enum Target {
    Server(Connections),
    Engine(larder::Larder),
}

/// A thread's means, kept from one part of a run to the next.
#[derive(Debug)]
struct Means {
    target: Target,
    source: Source,
}

struct Bench<'o> {
    options: &'o Options,
    stop: Arc<AtomicBool>,
    means: Vec<Means>,
}

impl Bench<'_> {
    fn new(options: &Options, stop: Arc<AtomicBool>) -> Result<Bench<'_>, Failure> {
        let threads = options.threads;
        let larder = (options.address == Address::Embedded).then(larder::Larder::new);
        let mut means = Vec::new();
        for thread in 0..threads {
            let target = if let Some(larder) = &larder {
                Target::Engine(larder.clone())
            } else {
                let count = share(options.connections as u64, thread, threads) as usize;
                Target::Server(Connections::open(&options.address, &options.login, count)?)
            };
            means.push(Means { target, source: source(options, options.distribution, thread) });
        }
        Ok(Bench { options, stop, means })
    }

    /// Writes every key once.
    fn fill(&mut self) -> Result<(), Failure> {
        let options = self.options;
        let own: Vec<Source> = (0..options.threads)
            .map(|thread| source(options, Distribution::Sequential, thread))
            .zip(&mut self.means)
            .map(|(walk, means)| std::mem::replace(&mut means.source, walk))
            .collect();
        let set = Operation::named("set", &options.key_prefix).map_err(Failure::Input)?;
        let pipeline = FILL_PIPELINE.max(options.pipeline);
        let tally =
            self.part("writing keys", &Mix::only(set), pipeline, End::Operations(options.keys), None)?;
        self.means.iter_mut().zip(own).for_each(|(means, source)| means.source = source);
        match tally.first_error {
            Some(error) => Err(Failure::Refused(error.into_bytes())),
            None => Ok(()),
        }
    }

    fn measure(&mut self) -> Result<Tally, Failure> {
        let Options { mix, pipeline, end, rate, .. } = self.options;
        self.part("measuring", mix, *pipeline, *end, *rate)
    }

    /// Measures while subscribers listen; gives also how many messages they got.
    fn with_listeners(&mut self) -> Result<(Tally, u64), Failure> {
        let Options { address, login, subscribers, .. } = self.options;
        let heard = Heard::default();
        std::thread::scope(|scope| {
            let listening = scope.spawn(|| {
                let outcome = listeners::listen(address, login, *subscribers, &heard);
                heard.stop.store(true, Ordering::Relaxed);
                outcome
            });
            while heard.subscribed.load(Ordering::Relaxed) < *subscribers as u64
                && !heard.stop.load(Ordering::Relaxed)
            {
                execute::pause(Duration::from_millis(1));
            }
            let began = Instant::now();
            let mut tally =
                if heard.stop.load(Ordering::Relaxed) { Ok(Tally::default()) } else { self.measure() };
            // What is still on its way counts too, as long as something comes.
            let expected = tally.as_ref().map_or(0, |tally| tally.count() * *subscribers as u64);
            let (mut before, mut since) = (0, Instant::now());
            while before < expected && since.elapsed() < QUIET && !heard.stop.load(Ordering::Relaxed) {
                execute::pause(Duration::from_millis(1));
                let messages = heard.messages.load(Ordering::Relaxed);
                if std::mem::replace(&mut before, messages) != messages {
                    since = Instant::now();
                }
            }
            if let Ok(tally) = &mut tally {
                tally.elapsed = tally.elapsed.max(since.saturating_duration_since(began));
            }
            heard.stop.store(true, Ordering::Relaxed);
            listening.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            Ok((tally?, heard.messages.load(Ordering::Relaxed)))
        })
    }

    /// A part of a run, on all threads.
    fn part(
        &mut self,
        what: &'static str,
        mix: &Mix,
        pipeline: usize,
        end: End,
        rate: Option<f64>,
    ) -> Result<Tally, Failure> {
        let threads = self.means.len();
        let done = AtomicU64::new(0);
        let stop = &*self.stop;
        let progress = progress(self.options, what, end);
        let mut tally = Tally::new(mix.operations.len());
        let mut failure = None;
        std::thread::scope(|scope| {
            let (sender, results) = mpsc::channel();
            for (thread, means) in self.means.iter_mut().enumerate() {
                let end = match end {
                    End::Operations(count) => End::Operations(share(count, thread, threads)),
                    after @ End::After(_) => after,
                };
                let rate = rate.map(|rate| rate / threads as f64);
                let plan = Plan { mix, pipeline, end, rate, done: &done, stop };
                let sender = sender.clone();
                scope.spawn(move || {
                    let outcome = match &mut means.target {
                        Target::Server(connections) => drive::drive(plan, connections, &mut means.source),
                        Target::Engine(larder) => inside::drive(plan, larder.instance(), &mut means.source),
                    };
                    // Nobody is to be told once the others have failed.
                    let _ = sender.send(outcome);
                });
            }
            drop(sender);
            watch(&results, &progress, &done, end, |outcome| match outcome {
                Ok(own) => tally.merge(own),
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    failure.get_or_insert(error);
                }
            });
        });
        progress.finish_and_clear();
        failure.map_or(Ok(tally), Err)
    }
}

/// Takes the threads' results and moves the bar meanwhile.
fn watch<R>(
    results: &mpsc::Receiver<R>,
    progress: &ProgressBar,
    done: &AtomicU64,
    end: End,
    mut take: impl FnMut(R),
) {
    let began = Instant::now();
    loop {
        match results.recv_timeout(Duration::from_millis(100)) {
            Ok(result) => take(result),
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                let count = done.load(Ordering::Relaxed);
                progress.set_position(match end {
                    End::Operations(_) => count,
                    End::After(_) => began.elapsed().as_millis() as u64,
                });
                let rate = count as f64 / began.elapsed().as_secs_f64();
                progress.set_message(format!("{rate:.0} a second"));
            }
        }
    }
}

fn progress(options: &Options, what: &'static str, end: End) -> ProgressBar {
    if options.quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(match end {
        End::Operations(count) => count,
        End::After(time) => time.as_millis() as u64,
    });
    if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:40} {percent}%, {msg}") {
        bar.set_style(style);
    }
    bar.set_prefix(what);
    bar
}

/// Part `at` of `count` things shared out to `parts`.
fn share(count: u64, at: usize, parts: usize) -> u64 {
    let (at, parts) = (at as u128, parts as u128);
    ((u128::from(count) * (at + 1) / parts) - (u128::from(count) * at / parts)) as u64
}

fn source(options: &Options, distribution: Distribution, thread: usize) -> Source {
    let part = (thread as u64, options.threads as u64);
    let keys = Keys::new(distribution, options.keys, options.seed, part);
    Source::new(keys, options.sizes, options.seed, part)
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn shares_differ_by_one_at_most_and_make_the_whole() {
        for (count, parts) in [(50, 3), (2, 2), (7, 4), (u64::MAX, 5)] {
            let shares: Vec<u64> = (0..parts).map(|at| share(count, at, parts)).collect();
            assert_eq!(shares.iter().sum::<u64>(), count);
            assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 1, "{shares:?}");
        }
    }
}
