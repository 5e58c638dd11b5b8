//! One connection: bytes in, commands executed where they lie, bytes out.
//!
//! A connection is a task of one worker, and its commands run on that worker's thread. One read may bring many
//! commands: all of them are executed and their replies leave in one write. While replies wait for a slow reader,
//! commands go on being executed up to a limit (a client may send everything before it reads anything), and then not
//! until the reader has caught up. Between commands an idle connection owns no buffers: those belong to the worker.

use crate::bulk::{Bulk, OwnedLine};
use crate::crowd::Crowd;
use crate::footprint;
use crate::outbox::{self, POSTED_LEN_MAX, Socket};
use crate::output::Pieces;
use crate::reply::RespReply;
use crate::stream::{PlainStream, Stream};
use larder_commands::{
    Blocked, Flow, Haste, Instance, Item, Pace, Prepared, Reply, Session, Wake, client_flags,
};
use larder_core::Engine;
use larder_resp::{Limits, Parsed, RequestParser, Span};
use parking_lot::Mutex;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Sleep;

/// A read asks for this much at least.
const READ_LEN: usize = 16 * 1024;
/// Replies are handed to the socket once they are so long, though more commands are at hand.
const WRITE_LEN: usize = 64 * 1024;
/// With so many bytes of replies unread, no more commands of that client are executed.
const UNREAD_MAX: usize = 64 * 1024 * 1024;
/// The same before a client has logged in.
const UNREAD_UNAUTHENTICATED_MAX: usize = 4 * 1024;
/// Messages wait in the mailbox, where they are counted and limited, while so many bytes of replies are unread.
const MAIL_INTO_OUTPUT_MAX: usize = 256 * 1024;
/// After so many bytes read and written a connection lets others have their turn, and so much it reads or writes at
/// once: a tenth of a millisecond, where the memory is fresh.
const TURN_LEN: usize = 256 * 1024;
/// Buffers larger than this are given back to the allocator when they are empty.
const BUFFER_KEPT: usize = 64 * 1024;

/// Wakes a connection's task. The task leaves its waker here once, not each time it waits: most waits end with bytes
/// from the socket, and would only take it back.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bell(Arc<Rope>);

#[derive(Debug, Default)]
struct Rope {
    /// It was rung, and nobody has come yet.
    rung: AtomicBool,
    listener: Mutex<Option<Waker>>,
}

impl Bell {
    /// Who comes when the bell is rung.
    fn set_listener(&self, listener: Option<Waker>) {
        let before = std::mem::replace(&mut *self.0.listener.lock(), listener);
        // It may be all that is left of a task.
        drop(before);
    }

    /// Whether it was rung since this was asked last.
    pub(crate) fn take(&self) -> bool {
        self.0.rung.load(Ordering::Acquire) && self.0.rung.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Bell {
    fn wake(&self) {
        // Whoever rang it before has called the listener, or the listener will look before it waits.
        if !self.0.rung.swap(true, Ordering::AcqRel)
            && let Some(listener) = &*self.0.listener.lock()
        {
            listener.wake_by_ref();
        }
    }
}

/// What a busy connection works with.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    input: Vec<u8>,
    /// Up to here the input is executed.
    at: usize,
    spans: Vec<Span>,
    /// Commands that are parsed and not executed.
    parsed: Batch,
    /// What is wrong with the input behind them.
    broken: Option<larder_commands::Error>,
    output: Vec<u8>,
    /// Up to here the output is written.
    written: usize,
    /// What belongs between the bytes of the output.
    pieces: Pieces,
    /// A long word that has not arrived entirely, and those of the same command that have.
    bulk: Option<Bulk>,
    bulks: Vec<(usize, Arc<Vec<u8>>)>,
}

impl Buffers {
    fn is_empty(&self) -> bool {
        self.at == self.input.len() && self.parsed.is_empty() && self.unread() == 0
    }

    fn unread(&self) -> usize {
        self.output.len() - self.written + self.pieces.len()
    }

    /// Bytes that have arrived and are not executed.
    fn query(&self) -> usize {
        let bulks: usize = self.bulks.iter().map(|(_, bytes)| bytes.len()).sum();
        self.input.len() - self.at + self.bulk.as_ref().map_or(0, |bulk| bulk.bytes.len()) + bulks
    }

    /// Has a long word that has begun to arrive come into a buffer of its own.
    fn begin_bulk(&mut self, parser: &RequestParser) {
        if let Some(awaited) = parser.awaited(Bulk::LEN_MIN)
            && self.bulk.is_none()
            && self.parsed.is_empty()
        {
            self.bulk = Bulk::begin(&mut self.input, self.at, &awaited);
        }
    }

    /// A long word is there, and perhaps with it the command.
    fn end_bulk(&mut self, parser: &mut RequestParser) {
        let Some(bulk) = self.bulk.take_if(|bulk| bulk.left() == 0) else { return };
        self.bulks.push(bulk.end());
        if let Some(Parsed::Command { first, argc }) = parser.pass_over(&mut self.at, &mut self.spans) {
            self.parsed.push(Line { first, argc, prepared: Prepared::default() });
        }
    }

    /// Lets go of all of it, of what is long by way of the engine: this thread has others to serve.
    fn give_up(&mut self, engine: &Engine) {
        let bulk = self.bulk.take().map(|bulk| Arc::new(bulk.bytes));
        let bulks = self.bulks.drain(..).map(|(_, bytes)| bytes);
        bulks.chain(bulk).chain(self.pieces.give_up()).for_each(|bytes| engine.discard(bytes));
        for own in [&mut self.input, &mut self.output] {
            if own.capacity() > BUFFER_KEPT {
                engine.discard(Arc::new(std::mem::take(own)));
            }
        }
        self.clear();
    }

    fn input_free(&self) -> usize {
        self.input.capacity() - self.input.len()
    }

    fn clear(&mut self) {
        self.input.clear();
        self.at = 0;
        self.spans.clear();
        self.parsed.clear();
        self.broken = None;
        self.output.clear();
        self.written = 0;
        self.pieces = Pieces::default();
        (self.bulk, self.bulks) = (None, Vec::new());
        self.input.shrink_to(BUFFER_KEPT);
        self.output.shrink_to(BUFFER_KEPT);
        self.spans.shrink_to(BUFFER_KEPT / size_of::<Span>());
    }
}

/// Buffers that nobody uses at the moment, one worker's.
#[derive(Debug, Default)]
#[expect(clippy::vec_box, reason = "connections hold a pointer, so that an idle one is small")]
pub(crate) struct Pool(std::cell::RefCell<Vec<Box<Buffers>>>);

impl Pool {
    const KEPT: usize = 64;

    fn take(&self) -> Box<Buffers> {
        self.0.borrow_mut().pop().unwrap_or_default()
    }

    fn give(&self, mut buffers: Box<Buffers>) {
        buffers.clear();
        let mut pool = self.0.borrow_mut();
        if pool.len() < Pool::KEPT {
            pool.push(buffers);
        }
    }
}

/// A session that ends with its connection, however that ends.
#[derive(Debug)]
struct Guest {
    instance: Arc<Instance>,
    session: Option<Session>,
}

impl Drop for Guest {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.instance.disconnect(session);
        }
    }
}

/// A line of words in the input: the first of their spans, how many, and what is known of them.
#[derive(Clone, Copy, Debug)]
struct Line {
    first: usize,
    argc: usize,
    prepared: Prepared,
}

/// Lines in the order in which they came. Those of a batch are added together, then taken one after the other.
#[derive(Debug, Default)]
struct Batch {
    lines: Vec<Line>,
    /// So many of them are taken.
    taken: usize,
}

impl Batch {
    #[inline]
    fn push(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// Takes the next one.
    #[inline]
    fn pop(&mut self) -> Option<Line> {
        let line = self.lines.get(self.taken).copied();
        if line.is_some() {
            self.taken += 1;
        } else {
            self.clear();
        }
        line
    }

    #[inline]
    fn len(&self) -> usize {
        self.lines.len() - self.taken
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn clear(&mut self) {
        self.lines.clear();
        self.taken = 0;
    }
}

/// What comes back from another thread: the session, what it says next, and the reply.
struct Returned {
    guest: Guest,
    line: OwnedLine,
    flow: Flow,
    output: Vec<u8>,
    pieces: Pieces,
}

/// What ends a wait.
enum Event {
    Returned(Result<Box<Returned>, JoinError>),
    Rung,
    TimeIsUp,
    Writable,
    Read(io::Result<usize>),
}

/// Why executing stopped.
#[derive(Debug, PartialEq, Eq)]
enum Pause {
    /// There is no whole command left.
    Input,
    /// Replies wait to be read.
    Output,
    /// A command waits.
    Blocked,
    /// The connection ends when its replies are written.
    Closing,
}

/// How serving a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Served {
    /// It is over.
    Ended,
    /// The worker of those whose scripts stray should go on.
    Strays,
    /// Some other worker should go on.
    Leaves,
}

/// A connection on its way from one worker to another. Nothing of it waits for anything.
#[derive(Debug)]
pub(crate) struct Moving {
    socket: PlainStream,
    bell: Bell,
    guest: Guest,
    parser: RequestParser,
    buffers: Option<Box<Buffers>>,
    bulk_len_max: usize,
}

/// One connection.
pub(crate) struct Connection {
    socket: Rc<Socket>,
    bell: Bell,
    /// Who comes when the bell is rung, if the bell knows.
    listener: Option<Waker>,
    guest: Guest,
    parser: RequestParser,
    /// Only while there is anything in them.
    buffers: Option<Box<Buffers>>,
    pool: Rc<Pool>,
    blocked: Option<Blocked>,
    /// A command that `CLIENT PAUSE` holds up.
    paused: Option<OwnedLine>,
    /// A command that may take long, on another thread with the session.
    elsewhere: Option<JoinHandle<Box<Returned>>>,
    timeout: Option<Pin<Box<Sleep>>>,
    closing: bool,
    bulk_len_max: usize,
    /// Bytes read and written since others had their turn.
    moved: usize,
}

impl Connection {
    pub(crate) fn new(
        stream: Stream,
        instance: Arc<Instance>,
        session: Session,
        bell: Bell,
        pool: Rc<Pool>,
    ) -> Connection {
        let bulk_len_max = instance.settings().int("proto-max-bulk-len") as usize;
        let mut session = session;
        session.pace = Pace::Hurried;
        let guest = Guest { instance, session: Some(session) };
        let parser = RequestParser::new(Limits::STANDARD);
        let mut connection = Connection::resting(stream, bell, guest, parser, None, pool, bulk_len_max);
        connection.set_limits();
        connection
    }

    /// A connection that waits for nothing.
    fn resting(
        stream: Stream,
        bell: Bell,
        guest: Guest,
        parser: RequestParser,
        buffers: Option<Box<Buffers>>,
        pool: Rc<Pool>,
        bulk_len_max: usize,
    ) -> Connection {
        Connection {
            socket: Socket::new(stream, bell.clone()),
            bell,
            listener: None,
            guest,
            parser,
            buffers,
            pool,
            blocked: None,
            paused: None,
            elsewhere: None,
            timeout: None,
            closing: false,
            bulk_len_max,
            moved: 0,
        }
    }

    fn set_limits(&mut self) {
        let authenticated = self.guest.session.as_ref().is_some_and(|session| session.authenticated);
        self.parser.set_limits(if authenticated {
            Limits { bulk_len_max: self.bulk_len_max, ..Limits::STANDARD }
        } else {
            Limits::UNAUTHENTICATED
        });
    }

    /// A connection that comes from another worker.
    pub(crate) fn arrive(moving: Moving, pool: Rc<Pool>) -> io::Result<Connection> {
        let Moving { socket, bell, guest, parser, buffers, bulk_len_max } = moving;
        let stream = socket.register()?;
        Ok(Connection::resting(stream, bell, guest, parser, buffers, pool, bulk_len_max))
    }

    /// Makes this connection ready to be served by another worker.
    pub(crate) fn depart(mut self) -> io::Result<Moving> {
        self.take_late()?;
        let Connection { socket, bell, guest, parser, buffers, bulk_len_max, .. } = self;
        let socket = socket.into_stream().ok_or(io::ErrorKind::ResourceBusy)?.deregister()?;
        Ok(Moving { socket, bell, guest, parser, buffers, bulk_len_max })
    }

    /// Whether nothing of this connection waits for anything, so that another worker could go on with it.
    fn is_free(&self) -> bool {
        let waits = self.blocked.is_some() || self.paused.is_some() || self.timeout.is_some();
        !waits && !self.closing && self.guest.session.is_some()
    }

    /// Whether its scripts would often wait for those of others.
    fn strays(&self) -> bool {
        self.guest.session.as_ref().is_some_and(Session::often_strays)
    }

    /// Whether its scripts may soon do so.
    fn may_stray(&self) -> bool {
        self.guest.session.as_ref().is_some_and(Session::strays_of_late)
    }

    /// Serves until either side ends it, or another worker should go on with it: where scripts that stray have a worker
    /// of their own, or where this one has more than it can serve.
    pub(crate) async fn serve(&mut self, strays_move: bool, crowd: Option<Rc<Crowd>>) -> Served {
        let served = self.serve_here(strays_move, crowd).await;
        // The waker keeps this task in memory.
        self.bell.set_listener(None);
        self.listener = None;
        self.socket.settle();
        served
    }

    async fn serve_here(&mut self, strays_move: bool, crowd: Option<Rc<Crowd>>) -> Served {
        loop {
            let pause = self.work();
            self.take_mail();
            if (!self.post(&pause) && self.write_some().is_err()) || self.is_killed() {
                break;
            }
            if self.moved >= TURN_LEN {
                self.moved = 0;
                // The thread may not come to wait for anything meanwhile.
                outbox::send_all();
                tokio::task::yield_now().await;
            }
            let unread = self.buffers.as_ref().map_or(0, |buffers| buffers.unread());
            if pause == Pause::Closing && unread == 0 {
                break;
            }
            if pause == Pause::Output && unread < WRITE_LEN {
                continue;
            }
            self.rest();
            if strays_move && self.is_free() && self.strays() {
                return Served::Strays;
            }
            if let Some(crowd) = &crowd
                && crowd.is_too_large(&self.guest.instance)
                && self.is_free()
                && !self.may_stray()
            {
                return Served::Leaves;
            }
            if !self.wait(&pause, unread > 0).await {
                break;
            }
        }
        if let Some(mut buffers) = self.buffers.take() {
            buffers.give_up(self.guest.instance.engine());
            self.pool.give(buffers);
        }
        Served::Ended
    }

    fn is_killed(&self) -> bool {
        match &self.guest.session {
            Some(session) => session.client.is_killed(),
            None => self.elsewhere.is_none(),
        }
    }

    /// Gives buffers back that hold nothing, and tells the client's figures.
    fn rest(&mut self) {
        let Some(session) = &self.guest.session else { return };
        let (mut query, mut unread, mut free, mut room) = (0, 0, 0, 0);
        if let Some(buffers) = self.buffers.take() {
            if buffers.is_empty() && !self.parser.is_unfinished() {
                self.pool.give(buffers);
            } else {
                (query, unread) = (buffers.query(), buffers.unread());
                (free, room) = (buffers.input_free(), buffers.output.capacity());
                self.buffers = Some(buffers);
            }
        }
        let since = &session.client.unfinished_since_ms;
        if query == 0 {
            since.store(0, Ordering::Relaxed);
        } else if since.load(Ordering::Relaxed) == 0 {
            since.store(self.guest.instance.engine().now_ms(), Ordering::Relaxed);
        }
        session.client.query_bytes.store(query, Ordering::Relaxed);
        session.client.reply_bytes.store(unread, Ordering::Relaxed);
        session.client.query_free_bytes.store(free, Ordering::Relaxed);
        session.client.reply_room_bytes.store(room, Ordering::Relaxed);
    }

    /// Waits until there is something to do. `false` when the connection is over.
    async fn wait(&mut self, pause: &Pause, writing: bool) -> bool {
        let reading = matches!(pause, Pause::Input | Pause::Blocked);
        let event = poll_fn(|cx| {
            if !self.listener.as_ref().is_some_and(|listener| listener.will_wake(cx.waker())) {
                self.listener = Some(cx.waker().clone());
                self.bell.set_listener(self.listener.clone());
            }
            if self.bell.take() {
                return Poll::Ready(Event::Rung);
            }
            if let Some(timeout) = &mut self.timeout
                && timeout.as_mut().poll(cx).is_ready()
            {
                return Poll::Ready(Event::TimeIsUp);
            }
            if let Some(elsewhere) = &mut self.elsewhere
                && let Poll::Ready(returned) = Pin::new(elsewhere).poll(cx)
            {
                return Poll::Ready(Event::Returned(returned));
            }
            if writing && self.socket.stream().poll_write_ready(cx).is_ready() {
                return Poll::Ready(Event::Writable);
            }
            if reading { self.poll_read(cx).map(Event::Read) } else { Poll::Pending }
        });
        match event.await {
            Event::Rung | Event::Writable => true,
            Event::TimeIsUp => {
                self.time_is_up();
                true
            }
            Event::Returned(Ok(returned)) => {
                self.come_back(returned);
                true
            }
            // What ran elsewhere panicked, and the session has gone with it; or the client is gone.
            Event::Returned(Err(_)) | Event::Read(Ok(0) | Err(_)) => false,
            Event::Read(Ok(len)) => {
                self.moved += len;
                let stats = &self.guest.instance.stats;
                stats.reads.fetch_add(1, Ordering::Relaxed);
                footprint::received(stats.input_bytes.fetch_add(len as u64, Ordering::Relaxed), len as u64);
                if let (Some(session), Some(buffers)) = (&self.guest.session, &self.buffers) {
                    let query = buffers.query();
                    session.client.query_bytes.store(query, Ordering::Relaxed);
                    session.client.query_free_bytes.store(buffers.input_free(), Ordering::Relaxed);
                    session.client.reply_room_bytes.store(buffers.output.capacity(), Ordering::Relaxed);
                }
                true
            }
        }
    }

    /// Reads what is there, into buffers that go back to the pool if there is nothing.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut buffers = self.buffers.take().unwrap_or_else(|| self.pool.take());
        buffers.begin_bulk(&self.parser);
        let read = if let Some(bulk) = &mut buffers.bulk {
            let most = bulk.left().min(TURN_LEN);
            let read = self.socket.stream().poll_read_some(cx, &mut bulk.bytes, most);
            buffers.end_bulk(&mut self.parser);
            read
        } else {
            if buffers.input.capacity() - buffers.input.len() < READ_LEN / 2 {
                // Memory grows with what has arrived, never with what a header promises.
                buffers.input.reserve(READ_LEN.max(buffers.input.len() / 2));
            }
            self.socket.stream().poll_read(cx, &mut buffers.input)
        };
        if read.is_pending() && buffers.is_empty() && !self.parser.is_unfinished() {
            self.pool.give(buffers);
        } else {
            self.buffers = Some(buffers);
        }
        read
    }

    fn time_is_up(&mut self) {
        self.timeout = None;
        if let Some(blocked) = self.blocked
            && self.guest.instance.stop_waiting_in_vain(blocked.id)
        {
            self.blocked = None;
            if let Some(session) = &self.guest.session {
                let buffers = self.buffers.get_or_insert_with(|| self.pool.take());
                blocked.empty.write(&mut RespReply::new(&mut buffers.output, session.protocol()));
            }
        }
    }

    /// Moves what is in the mailbox into the output.
    fn take_mail(&mut self) {
        let Some(session) = &self.guest.session else { return };
        if !session.client.has_mail() {
            return;
        }
        let buffers = self.buffers.get_or_insert_with(|| self.pool.take());
        if buffers.unread() > MAIL_INTO_OUTPUT_MAX {
            return;
        }
        let mut out = RespReply::new(&mut buffers.output, session.protocol());
        let mut answered = false;
        for item in session.client.take_mail() {
            match item {
                Item::Message(message) => out.message(&message),
                Item::Value(value) => value.write(&mut out),
                Item::Reply(value) => {
                    value.write(&mut out);
                    answered = true;
                }
            }
        }
        if answered {
            self.blocked = None;
            self.timeout = None;
            // The commands that came behind the one that waited are executed at once, not when more bytes come.
            self.bell.wake();
        }
    }

    /// Leaves what there is to say to be written with the replies to other clients, if it is short and whole. Says
    /// whether that is so.
    fn post(&mut self, pause: &Pause) -> bool {
        let (Some(session), Some(buffers)) = (&self.guest.session, &mut self.buffers) else { return false };
        let output = &mut buffers.output;
        let len = output.len();
        let is_whole = matches!(pause, Pause::Input | Pause::Blocked) && buffers.written == 0;
        let is_short = len > 0 && len <= POSTED_LEN_MAX && buffers.pieces.len() == 0;
        let instance = &self.guest.instance;
        if !is_whole || !is_short || !self.socket.takes_letters() || instance.ends_if_unread(session, len) {
            return false;
        }
        let now_ms = instance.engine().clock().coarse_ms();
        outbox::post(&self.socket, output, now_ms);
        output.clear();
        self.moved += len;
        let stats = &instance.stats;
        stats.writes.fetch_add(1, Ordering::Relaxed);
        stats.output_bytes.fetch_add(len as u64, Ordering::Relaxed);
        note_active(session, now_ms);
        session.client.written();
        true
    }

    /// Puts what did not fit of replies in the outbox before those that came behind them.
    fn take_late(&mut self) -> io::Result<()> {
        self.socket.settle();
        let Some(late) = self.socket.take_late()? else { return Ok(()) };
        self.guest.instance.stats.output_bytes.fetch_sub(late.len() as u64, Ordering::Relaxed);
        let buffers = self.buffers.get_or_insert_with(|| self.pool.take());
        buffers.pieces.make_room(late.len());
        buffers.output.splice(buffers.written..buffers.written, late);
        Ok(())
    }

    /// Hands the socket as much as it takes.
    fn write_some(&mut self) -> io::Result<()> {
        self.take_late()?;
        let Some(buffers) = &mut self.buffers else { return Ok(()) };
        let mut progressed = false;
        if let Some(session) = &self.guest.session
            && self.guest.instance.ends_if_unread(session, buffers.unread())
        {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        while buffers.unread() > 0 && self.moved < TURN_LEN {
            let next = buffers.pieces.next(&buffers.output, buffers.written);
            match self.socket.stream().try_write(&next[..next.len().min(TURN_LEN)]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(len) => {
                    if let Some(bytes) = buffers.pieces.advance(&mut buffers.written, len) {
                        self.guest.instance.engine().discard(bytes);
                    }
                    self.moved += len;
                    let stats = &self.guest.instance.stats;
                    stats.writes.fetch_add(1, Ordering::Relaxed);
                    stats.output_bytes.fetch_add(len as u64, Ordering::Relaxed);
                    progressed = true;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if progressed && let Some(session) = &self.guest.session {
            note_active(session, self.guest.instance.engine().clock().coarse_ms());
        }
        if buffers.unread() == 0 {
            buffers.output.clear();
            buffers.output.shrink_to(BUFFER_KEPT);
            buffers.written = 0;
            if let Some(session) = &self.guest.session {
                session.client.written();
            }
            return Ok(());
        }
        // Only a reader who is behind is watched, from the moment when it fell behind.
        if let Some(session) = &self.guest.session
            && (progressed || session.client.reply_bytes.load(Ordering::Relaxed) == 0)
        {
            session.client.progress_ms.store(self.guest.instance.engine().now_ms(), Ordering::Relaxed);
        }
        if buffers.written > buffers.output.len() / 2 && buffers.written > WRITE_LEN {
            buffers.output.drain(..buffers.written);
            buffers.pieces.shift(buffers.written);
            buffers.written = 0;
        }
        Ok(())
    }

    /// Executes what has arrived, until something stops it.
    fn work(&mut self) -> Pause {
        let pause = self.execute_available();
        if let (Some(session), Some(buffers)) = (self.guest.session.as_mut(), self.buffers.as_mut()) {
            self.guest.instance.end_batch(session);
            session.client.reply_peak_bytes.store(buffers.unread(), Ordering::Relaxed);
            // What is executed makes room.
            if buffers.at > 0 && buffers.parsed.is_empty() {
                self.parser.retire(&mut buffers.spans);
                if buffers.at == buffers.input.len() {
                    buffers.input.clear();
                } else {
                    buffers.input.drain(..buffers.at);
                }
                buffers.at = 0;
            }
        }
        pause
    }

    fn execute_available(&mut self) -> Pause {
        if self.closing {
            return Pause::Closing;
        }
        if self.blocked.is_some() || self.elsewhere.is_some() {
            return Pause::Blocked;
        }
        if self.buffers.is_none() && self.paused.is_none() {
            return Pause::Input;
        }
        let mut buffers = self.buffers.take().unwrap_or_else(|| self.pool.take());
        let pause = self.execute_paused(&mut buffers).unwrap_or_else(|| self.execute_buffers(&mut buffers));
        self.buffers = Some(buffers);
        pause
    }

    /// Tries the command again that was held up, if there is one.
    fn execute_paused(&mut self, buffers: &mut Buffers) -> Option<Pause> {
        let line = self.paused.take()?;
        if let Some(session) = self.guest.session.as_mut() {
            session.bulks = line.bulks();
        }
        self.timeout = None;
        let Buffers { output, pieces, .. } = buffers;
        match self.execute(&line.words(), Prepared::default(), output, pieces) {
            Some(flow) => self.follow(flow),
            // It is executed elsewhere: what came behind it waits for the session to come back.
            None => Some(Pause::Blocked),
        }
    }

    /// Executes a command on another thread, with the session.
    #[cold]
    fn go_elsewhere(&mut self, line: &[&[u8]]) {
        let instance = self.guest.instance.clone();
        let mut guest = std::mem::replace(&mut self.guest, Guest { instance, session: None });
        let bulks = guest.session.as_ref().map_or(&[][..], |session| &session.bulks);
        let line = OwnedLine::of(line, bulks);
        self.elsewhere = Some(tokio::task::spawn_blocking(move || {
            let (mut output, mut pieces, mut flow) = (Vec::new(), Pieces::default(), Flow::Close);
            if let Some(session) = guest.session.as_mut() {
                // It has this thread for itself.
                session.pace = Pace::Any;
                let mut out = RespReply::sharing(&mut output, &mut pieces, session.protocol());
                flow = guest.instance.execute(session, &line.words(), &mut out);
                guest.instance.end_batch(session);
                session.pace = Pace::Hurried;
                session.bulks.clear();
            }
            Box::new(Returned { guest, line, flow, output, pieces })
        }));
    }

    fn come_back(&mut self, returned: Box<Returned>) {
        let Returned { guest, line, flow, output, pieces } = *returned;
        self.elsewhere = None;
        self.guest = guest;
        let buffers = self.buffers.get_or_insert_with(|| self.pool.take());
        let Buffers { output: own, pieces: all, .. } = &mut **buffers;
        all.append(own, output, pieces);
        if matches!(flow, Flow::Paused(_)) {
            self.paused = Some(line);
        }
        self.follow(flow);
    }

    /// Does what a command's outcome asks for; `None` to go on with the next.
    #[cold]
    fn follow(&mut self, flow: Flow) -> Option<Pause> {
        let wait = |ms| Box::pin(tokio::time::sleep(Duration::from_millis(ms)));
        match flow {
            // What another thread is to do is on its way there.
            Flow::Next | Flow::Elsewhere => None,
            Flow::Close => {
                self.closing = true;
                Some(Pause::Closing)
            }
            Flow::Blocked(blocked) => {
                self.timeout = blocked.timeout_ms.map(wait);
                self.blocked = Some(blocked);
                Some(Pause::Blocked)
            }
            Flow::Paused(ms) => {
                self.timeout = Some(wait(ms));
                Some(Pause::Blocked)
            }
        }
    }

    fn execute_buffers(&mut self, buffers: &mut Buffers) -> Pause {
        loop {
            let Some(session) = self.guest.session.as_mut() else { return Pause::Closing };
            let unread_max = if session.authenticated { UNREAD_MAX } else { UNREAD_UNAUTHENTICATED_MAX };
            let unread = buffers.unread();
            if unread >= unread_max || (unread >= WRITE_LEN && buffers.written == 0) {
                return Pause::Output;
            }
            if let Some(line) = buffers.parsed.pop() {
                match self.execute_parsed(buffers, line) {
                    Some(Flow::Next) => continue,
                    None => return Pause::Blocked,
                    Some(flow) => {
                        if let Some(pause) = self.follow(flow) {
                            return pause;
                        }
                        continue;
                    }
                }
            }
            let flow = match self.next_batch(buffers) {
                Next::Parsed => continue,
                Next::Inline(words) => self.execute_inline(buffers, &words),
                Next::Nothing => return Pause::Input,
                Next::Close(error) => {
                    if let Some(error) = error {
                        let protocol = self.guest.session.as_ref().map(Session::protocol).unwrap_or_default();
                        RespReply::new(&mut buffers.output, protocol).error(&error);
                    }
                    Some(Flow::Close)
                }
            };
            let Some(flow) = flow else { return Pause::Blocked };
            if let Some(pause) = self.follow(flow) {
                return pause;
            }
        }
    }

    /// Parses the next batch of commands.
    #[inline(never)]
    fn next_batch(&mut self, buffers: &mut Buffers) -> Next {
        if let Some(error) = buffers.broken.take() {
            return Next::Close(Some(error));
        }
        // Before a login the limits may change with every command.
        let authenticated = self.guest.session.as_ref().is_some_and(|session| session.authenticated);
        let most = if authenticated { BATCH_MAX } else { 1 };
        let Buffers { input, at, spans, parsed, .. } = buffers;
        self.parser.next_short(input, at, spans, most, |first, argc| {
            parsed.push(Line { first, argc, prepared: Prepared::default() });
        });
        let end = loop {
            if buffers.parsed.len() == most {
                break Next::Nothing;
            }
            let before = buffers.at;
            match self.parser.next(&buffers.input, &mut buffers.at, &mut buffers.spans) {
                Ok(Parsed::Command { first, argc }) => {
                    buffers.parsed.push(Line { first, argc, prepared: Prepared::default() });
                }
                Ok(Parsed::Inline(words)) if buffers.parsed.is_empty() => break Next::Inline(words),
                Ok(Parsed::Inline(_)) => {
                    // It is read again when its turn comes.
                    buffers.at = before;
                    break Next::Nothing;
                }
                Ok(Parsed::Incomplete { .. }) => break Next::Nothing,
                Ok(Parsed::Http) => break Next::Close(None),
                Err(error) => {
                    // What came before it is executed first.
                    buffers.broken = Some(larder_commands::Error::general(error));
                    break Next::Nothing;
                }
            }
        };
        if buffers.parsed.len() > 1 {
            self.prepare(buffers);
        }
        if !buffers.parsed.is_empty() {
            return Next::Parsed;
        }
        match buffers.broken.take() {
            Some(error) => Next::Close(Some(error)),
            None => end,
        }
    }

    /// Finds what the commands of a batch are and begins to fetch what they will look up, so that their cache misses
    /// overlap.
    #[inline(never)]
    fn prepare(&self, buffers: &mut Buffers) {
        let Some(session) = &self.guest.session else { return };
        let instance = &self.guest.instance;
        let Buffers { input, spans, parsed, .. } = buffers;
        let engine = instance.engine();
        let none = engine.key(session.db(), b"");
        let (mut keys, mut count) = ([none; BATCH_MAX], 0);
        // What commands in a row look for in the value of one key.
        let (mut elements, mut sought) = ([&b""[..]; BATCH_MAX], 0);
        for line in parsed.lines.iter_mut().filter(|line| line.argc > 1) {
            let words = &spans[line.first..line.first + line.argc];
            let (prepared, ahead) = instance.prepare(session, words[0].of(input), words[1].of(input));
            line.prepared = prepared;
            let Some(ahead) = ahead else { continue };
            // Many batches are about one key.
            if count == 0 || keys[count - 1].key_hash() != ahead.key.key_hash() {
                if sought > 1 {
                    engine.prefetch_elements(&keys[count - 1], &elements[..sought]);
                }
                sought = 0;
                keys[count] = ahead.key;
                count += 1;
            }
            if ahead.element > 0 && ahead.element < words.len() {
                elements[sought] = words[ahead.element].of(input);
                sought += 1;
            }
        }
        if sought > 1 {
            engine.prefetch_elements(&keys[count - 1], &elements[..sought]);
        }
        if count > 1 {
            engine.prefetch(&keys[..count]);
        }
    }

    #[inline]
    fn execute_parsed(&mut self, buffers: &mut Buffers, line: Line) -> Option<Flow> {
        if !buffers.bulks.is_empty() {
            return self.execute_bulks(buffers, line);
        }
        let Line { first, argc, prepared } = line;
        let Buffers { input, spans, output, pieces, .. } = buffers;
        let words = spans[first..first + argc].iter().map(|span| span.of(input));
        let (mut few, mut some, many);
        let line = if argc <= WORDS_FEW {
            few = [&b""[..]; WORDS_FEW];
            few.iter_mut().zip(words).for_each(|(place, word)| *place = word);
            &few[..argc]
        } else if argc <= WORDS_INLINE {
            some = [&b""[..]; WORDS_INLINE];
            some.iter_mut().zip(words).for_each(|(place, word)| *place = word);
            &some[..argc]
        } else {
            many = words.collect::<Vec<&[u8]>>();
            &many[..]
        };
        self.execute(line, prepared, output, pieces)
    }

    /// Executes a command some words of which are in buffers of their own.
    #[cold]
    fn execute_bulks(&mut self, buffers: &mut Buffers, line: Line) -> Option<Flow> {
        let bulks = std::mem::take(&mut buffers.bulks);
        let Buffers { input, spans, output, pieces, .. } = buffers;
        let spans = &spans[line.first..line.first + line.argc];
        let mut words: Vec<&[u8]> = spans.iter().map(|span| span.of(input)).collect();
        bulks.iter().for_each(|(argument, bytes)| words[*argument] = bytes);
        let session = self.guest.session.as_mut()?;
        session.bulks = bulks.iter().map(|(_, bytes)| bytes.clone()).collect();
        let len: usize = session.bulks.iter().map(|bytes| bytes.len()).sum();
        let instance = self.guest.instance.clone();
        let flow = if len > Haste::BYTES_MAX && !instance.keeps_bulks(session, &words) {
            // It copies them.
            self.go_elsewhere(&words);
            None
        } else {
            self.execute(&words, Prepared::default(), output, pieces)
        };
        if let Some(session) = self.guest.session.as_mut() {
            session.bulks.clear();
        }
        bulks.into_iter().for_each(|(_, bytes)| instance.engine().discard(bytes));
        flow
    }

    fn execute_inline(&mut self, buffers: &mut Buffers, words: &[Vec<u8>]) -> Option<Flow> {
        let line: Vec<&[u8]> = words.iter().map(|word| &**word).collect();
        self.execute(&line, Prepared::default(), &mut buffers.output, &mut buffers.pieces)
    }

    /// Executes a command; `None` if it is executed elsewhere.
    #[expect(clippy::inline_always, reason = "the way of nearly every command is one function")]
    #[inline(always)]
    fn execute(
        &mut self,
        line: &[&[u8]],
        prepared: Prepared,
        output: &mut Vec<u8>,
        pieces: &mut Pieces,
    ) -> Option<Flow> {
        let Some(session) = self.guest.session.as_mut() else { return Some(Flow::Close) };
        if self.guest.instance.may_linger(session, line) {
            self.go_elsewhere(line);
            return None;
        }
        let was_authenticated = session.authenticated;
        let mut out = RespReply::sharing(output, pieces, session.protocol());
        let flow = self.guest.instance.execute_prepared(session, line, prepared, &mut out);
        if session.authenticated != was_authenticated {
            session.client.set_flag(client_flags::AUTHENTICATED, session.authenticated);
            self.set_limits();
        }
        match flow {
            Flow::Elsewhere => {
                self.go_elsewhere(line);
                return None;
            }
            Flow::Paused(_) => {
                let bulks = self.guest.session.as_ref().map_or(&[][..], |session| &session.bulks);
                self.paused = Some(OwnedLine::of(line, bulks));
            }
            _ => {}
        }
        Some(flow)
    }
}

/// A client has been told something.
fn note_active(session: &Session, now_ms: u64) {
    let active_ms = &session.client.active_ms;
    if active_ms.load(Ordering::Relaxed) < now_ms {
        active_ms.fetch_max(now_ms, Ordering::Relaxed);
    }
}

/// What there is to be executed.
enum Next {
    /// Commands that are parsed.
    Parsed,
    /// A command that was typed as a line.
    Inline(Vec<Vec<u8>>),
    /// Nothing whole.
    Nothing,
    /// The stream makes no sense from here on.
    Close(Option<larder_commands::Error>),
}

/// So many commands are parsed, and their keys fetched, before the first of them is executed. More gained nothing.
const BATCH_MAX: usize = 32;
/// Lines of up to so many words need no allocation.
const WORDS_INLINE: usize = 16;
/// Nor do those of up to so many, nearly all of them, clear room for more words.
const WORDS_FEW: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use larder_commands::Origin;
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    #[test]
    fn what_a_client_leaves_behind_is_freed_elsewhere() {
        const LONG: usize = 8 << 20;
        let long = || Arc::new(vec![b'x'; LONG]);
        let engine = Engine::new();
        let mut buffers = Buffers::default();
        let kept = long();
        buffers.pieces.push(0, long());
        buffers.pieces.push(0, kept.clone());
        buffers.bulks.push((2, long()));
        buffers.output = vec![b'x'; LONG];
        buffers.give_up(&engine);
        // All but what somebody else has.
        assert_eq!((engine.reclaim_taken(), Arc::strong_count(&kept)), (3, 1));
        assert!(buffers.is_empty());
        buffers.output = b"short".to_vec();
        buffers.give_up(&engine);
        assert_eq!(engine.reclaim_taken(), 3);
    }

    #[test]
    fn replies_that_do_not_fit_move_along() {
        const REPLY: [u8; 1_000] = [b'x'; 1_000];
        const REPLIES: usize = 1_000;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let (near, mut far) = UnixStream::pair().expect("a pair of sockets");
            let stream = PlainStream::Unix(near).register().expect("a socket that is waited for");
            let (instance, bell) = (Instance::new(Engine::new()), Bell::default());
            let session = instance.connect(Origin::default(), Box::new(bell.clone()));
            let pool = Rc::new(Pool::default());
            let connection = Connection::new(stream, instance, session, bell, pool.clone());
            (0..REPLIES).for_each(|_| outbox::post(&connection.socket, &REPLY, 1));
            let moving = connection.depart().expect("it can go on elsewhere");
            let buffers = moving.buffers.as_ref().expect("something is left to write");
            let left = buffers.output.len();
            assert!(left > 0 && buffers.written == 0);
            let mut connection = Connection::arrive(moving, pool).expect("it has arrived");
            let mut arrived = vec![0; REPLIES * REPLY.len()];
            let (first, second) = arrived.split_at_mut(REPLIES * REPLY.len() - left);
            far.read_exact(first).expect("this did fit");
            while connection.buffers.as_ref().is_some_and(|buffers| buffers.unread() > 0) {
                connection.moved = 0;
                connection.write_some().expect("there is room again");
                let len = left - connection.buffers.as_ref().map_or(0, |buffers| buffers.unread());
                let read = left - second.iter().rev().take_while(|byte| **byte == 0).count();
                far.read_exact(&mut second[read..len]).expect("it was written");
            }
            assert!(arrived.iter().all(|byte| *byte == b'x'));
        });
    }
}
