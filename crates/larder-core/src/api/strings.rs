//! Strings: bytes and numbers.

use super::Db;
use crate::error::{Error, Result};
use crate::keyspace::{Class, Condition, Entry, Expiry, Missing};
use crate::limits::{STRING_LEN_MAX, UNLOCKED_LEN_MIN};
use crate::sync::Arc;
use crate::value::string::{IntText, Str};
use std::time::Duration;

/// Strings of a database. See [`Db::strings`].
#[derive(Clone, Copy, Debug)]
pub struct Strings<'d>(pub(super) &'d Db);

impl<'d> Strings<'d> {
    /// A copy of the string. O(1), plus its length.
    ///
    /// ```
    /// # let db = larder_core::Engine::new().db();
    /// db.strings().set("greeting", "hello")?;
    /// assert_eq!(db.strings().get("greeting")?, Some(b"hello".to_vec()));
    /// assert_eq!(db.strings().get("nothing")?, None);
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    pub fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>> {
        self.with(key, <[u8]>::to_vec)
    }

    /// Looks at the string where it lies: the cheapest way. `look` may run while the key's stripe is locked (it does
    /// where the string is shorter than 16 KiB): it must not call the engine.
    ///
    /// ```
    /// # let db = larder_core::Engine::new().db();
    /// db.strings().set("greeting", "hello")?;
    /// assert_eq!(db.strings().with("greeting", |bytes| bytes.len())?, Some(5));
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    #[inline]
    pub fn with<R>(&self, key: impl AsRef<[u8]>, look: impl FnOnce(&[u8]) -> R) -> Result<Option<R>> {
        let key = self.0.key(key.as_ref())?;
        // The bytes of a long one are kept, and looked at when the lock is gone.
        let look = |entry: Entry<'_>| {
            Ok(match entry.string()? {
                Str::Shared(bytes) if bytes.len() >= UNLOCKED_LEN_MIN => Err((bytes.clone(), look)),
                value => Ok(look(value.as_bytes(&mut IntText::new()))),
            })
        };
        match self.0.engine.shared.read_one(&key, look).transpose()? {
            Some(Err((bytes, look))) => {
                let looked = look(&bytes);
                self.0.engine.discard(bytes);
                Ok(Some(looked))
            }
            Some(Ok(looked)) => Ok(Some(looked)),
            None => Ok(None),
        }
    }

    /// Looks at the string as the engine holds it, for who can keep the bytes of a long one instead of copying them.
    /// `look` runs while the key's stripe is locked: it must not call the engine.
    ///
    /// ```
    /// use larder_core::value::string::Str;
    /// # let db = larder_core::Engine::new().db();
    /// db.strings().set("page", "x".repeat(10_000))?;
    /// let kept = db.strings().with_held("page", |held| match held {
    ///     Str::Shared(bytes) => Some(bytes.clone()),
    ///     _ => None,
    /// })?;
    /// db.strings().set("page", "another")?;
    /// assert_eq!(kept.flatten().map(|bytes| bytes.len()), Some(10_000));
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    #[inline]
    pub fn with_held<R>(&self, key: impl AsRef<[u8]>, look: impl FnOnce(Str<'_>) -> R) -> Result<Option<R>> {
        let key = self.0.key(key.as_ref())?;
        self.0.engine.shared.read_one(&key, |entry| Ok(look(entry.string()?))).transpose()
    }

    /// Copies the string into a buffer, which is cleared first. Says whether there is one.
    pub fn get_into(&self, key: impl AsRef<[u8]>, buffer: &mut Vec<u8>) -> Result<bool> {
        buffer.clear();
        Ok(self.with(key, |bytes| buffer.extend_from_slice(bytes))?.is_some())
    }

    /// The strings of several keys, all of one moment; `None` for what is missing or no string.
    pub fn get_many<K: AsRef<[u8]>>(&self, keys: &[K]) -> Result<Vec<Option<Vec<u8>>>> {
        let keys: Vec<_> = keys.iter().map(|key| self.0.key(key.as_ref())).collect::<Result<_>>()?;
        self.0.engine.prefetch(&keys);
        let mut view = self.0.engine.view(&keys);
        let found: Result<Vec<_>> = keys
            .iter()
            .map(|key| match view.string(key) {
                Ok(value) => Ok(value.map(Taken::of)),
                Err(Error::WrongType) => Ok(None),
                Err(error) => Err(error),
            })
            .collect();
        drop(view);
        Ok(found?.into_iter().map(|value| value.map(Taken::into_vec)).collect())
    }

    /// Sets a key to a string, whatever it held; it lives until it is removed.
    pub fn set(&self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<()> {
        self.set_with(key, value).run().map(drop)
    }

    /// Sets a key to a string for a time: at least a millisecond.
    ///
    /// ```
    /// use larder_core::{Engine, ManualClock, Options};
    /// use std::{sync::Arc, time::Duration};
    /// let clock = Arc::new(ManualClock::new());
    /// let db = Engine::with_options(Options { clock: clock.clone(), ..Options::default() }).db();
    /// db.strings().set_for("token", "secret", Duration::from_secs(60))?;
    /// clock.advance(Duration::from_secs(60));
    /// assert_eq!(db.strings().get("token")?, None);
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    pub fn set_for(&self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>, time: Duration) -> Result<()> {
        let now = self.0.engine.now_ms();
        let set = SetWith { expiry: Db::expiry_from(now, time), ..self.set_with(key, value) };
        set.run_at(Some(now)).map(drop)
    }

    /// Sets a key to a string if it does not exist. Says whether it did that.
    pub fn set_if_missing(&self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<bool> {
        self.set_with(key, value).if_absent().run()
    }

    /// Sets a key to a string on a condition and for a time: say which, then [`SetWith::run`].
    ///
    /// ```
    /// use std::time::Duration;
    /// # let db = larder_core::Engine::new().db();
    /// let free = db.strings().set_with("lock", "token").if_absent().expires_in(Duration::from_secs(30)).run()?;
    /// assert!(free);
    /// // Whoever still has it may have it for longer.
    /// assert!(db.strings().set_with("lock", "token").if_equals("token").expires_in(Duration::from_secs(30)).run()?);
    /// assert!(!db.strings().set_with("lock", "other").if_equals("other").run()?);
    /// assert!(db.strings().remove_if_equals("lock", "token")?);
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    pub fn set_with<K: AsRef<[u8]>, V: AsRef<[u8]>>(&self, key: K, value: V) -> SetWith<'d, K, V> {
        SetWith { db: self.0, key, value, condition: Condition::Always, expiry: Expiry::Never }
    }

    /// Removes a key if it holds this string. Says whether it did.
    pub fn remove_if_equals(&self, key: impl AsRef<[u8]>, expected: impl AsRef<[u8]>) -> Result<bool> {
        let key = self.0.key(key.as_ref())?;
        let mut view = self.0.engine.view_one(&key, None);
        let removed = view.meets(&key, Condition::Equals(expected.as_ref()))? && view.remove(&key)?;
        if removed {
            view.report(&key, "del", Class::GENERIC)?;
        }
        Ok(removed)
    }

    /// Adds to a number; a key that does not exist counts as 0. [`Error::NotInteger`] for other text,
    /// [`Error::Overflow`] beyond 64 bits.
    ///
    /// ```
    /// # let db = larder_core::Engine::new().db();
    /// assert_eq!(db.strings().increment("hits", 1)?, 1);
    /// assert_eq!(db.strings().increment("hits", 10)?, 11);
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    pub fn increment(&self, key: impl AsRef<[u8]>, by: i64) -> Result<i64> {
        self.0.check_room()?;
        let key = self.0.key(key.as_ref())?;
        let mut view = self.0.engine.view_one(&key, None);
        let sum = view.increment(&key, by)?;
        view.report(&key, "incrby", Class::STRING)?;
        Ok(sum)
    }

    /// Adds to the end of a string. Gives its length. [`Error::TooLarge`] beyond 512 MiB.
    pub fn append(&self, key: impl AsRef<[u8]>, more: impl AsRef<[u8]>) -> Result<usize> {
        self.0.check_room()?;
        let (key, more) = (self.0.key(key.as_ref())?, more.as_ref());
        let mut view = self.0.engine.view_one(&key, None);
        let len = view.string(&key)?.map_or(0, |value| value.len());
        let len = len.checked_add(more.len()).filter(|len| *len <= STRING_LEN_MAX).ok_or(Error::TooLarge)?;
        if view.write_cost(&key, None, more.len())?.is_long() {
            let len = view.append_remade(&key, more)?;
            view.report(&key, "append", Class::STRING)?;
            return Ok(len);
        }
        view.edit_bytes(&key, Missing::Create, |bytes| bytes.extend_from_slice(more))?;
        view.report(&key, "append", Class::STRING)?;
        Ok(len)
    }

    /// Removes a string and gives it.
    pub fn take(&self, key: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>> {
        let key = self.0.key(key.as_ref())?;
        let mut view = self.0.engine.view_one(&key, None);
        let value = view.string(&key)?.map(Taken::of);
        if value.is_some() && view.remove(&key)? {
            view.report(&key, "del", Class::GENERIC)?;
        }
        drop(view);
        Ok(value.map(Taken::into_vec))
    }
}

/// A string taken out of a locked stripe: a long one is copied when the lock is gone.
enum Taken {
    Copied(Vec<u8>),
    Kept(Arc<Vec<u8>>),
}

impl Taken {
    fn of(value: Str<'_>) -> Taken {
        match value {
            Str::Shared(bytes) if bytes.len() >= UNLOCKED_LEN_MIN => Taken::Kept(bytes.clone()),
            value => Taken::Copied(value.to_vec()),
        }
    }

    /// Moves the bytes if nobody else has them any more.
    fn into_vec(self) -> Vec<u8> {
        match self {
            Taken::Copied(bytes) => bytes,
            Taken::Kept(bytes) => Arc::try_unwrap(bytes).unwrap_or_else(|bytes| bytes.to_vec()),
        }
    }
}

/// A string about to be set. See [`Strings::set_with`].
#[derive(Clone, Copy, Debug)]
#[must_use = "nothing is set until it is run"]
pub struct SetWith<'a, K, V> {
    db: &'a Db,
    key: K,
    value: V,
    condition: Condition<'a>,
    expiry: Expiry,
}

impl<'a, K: AsRef<[u8]>, V: AsRef<[u8]>> SetWith<'a, K, V> {
    /// Only if there is no such key.
    pub fn if_absent(self) -> Self {
        SetWith { condition: Condition::Absent, ..self }
    }

    /// Only if there is such a key, whatever it holds.
    pub fn if_present(self) -> Self {
        SetWith { condition: Condition::Present, ..self }
    }

    /// Only if the key holds this string. [`Error::WrongType`] when run on a key that holds something else.
    pub fn if_equals(self, expected: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        SetWith { condition: Condition::Equals(expected.as_ref()), ..self }
    }

    /// Only if the key holds another string, or does not exist. [`Error::WrongType`] as before.
    pub fn if_differs(self, unwanted: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        SetWith { condition: Condition::Differs(unwanted.as_ref()), ..self }
    }

    /// For a time: at least a millisecond. Otherwise it lives until it is removed.
    pub fn expires_in(self, time: Duration) -> Self {
        SetWith { expiry: self.db.expiry_after(time), ..self }
    }

    /// With the deadline that the key has already.
    pub fn keeps_deadline(self) -> Self {
        SetWith { expiry: Expiry::Keep, ..self }
    }

    /// Sets it. Says whether the condition held.
    pub fn run(self) -> Result<bool> {
        self.run_at(None)
    }

    /// The same, where the time has just been read.
    fn run_at(self, now_ms: Option<u64>) -> Result<bool> {
        self.db.check_room()?;
        let (key, value) = (self.db.key(self.key.as_ref())?, self.value.as_ref());
        // A long one is copied before anything is locked.
        let is_long = value.len() >= UNLOCKED_LEN_MIN && value.len() <= STRING_LEN_MAX;
        let long = is_long.then(|| Arc::new(value.to_vec()));
        let mut view = self.db.engine.view_one(&key, now_ms);
        if !view.meets(&key, self.condition)? {
            return Ok(false);
        }
        match long {
            Some(bytes) => view.set_shared(&key, bytes, self.expiry)?,
            None => view.set(&key, value, self.expiry)?,
        };
        view.report(&key, "set", Class::STRING)?;
        if matches!(self.expiry, Expiry::At(_)) {
            view.report(&key, "expire", Class::GENERIC)?;
        }
        Ok(true)
    }
}
