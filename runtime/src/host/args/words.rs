//! Splits a command line into options and values, as most programs do: `--name value`,
//! `--name=value`, `-x`, and behind `--` values alone.

use std::ffi::OsString;

/// One word of a command line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// `--name`.
    Long(String),
    /// `-x`.
    Short(char),
    /// What is no option.
    Value(OsString),
}

/// The words that are left.
pub(super) struct Words<I> {
    rest: I,
    /// The last option, and what stands behind its `=` until somebody takes that.
    last: (String, Option<OsString>),
    /// Whether only values are left.
    plain: bool,
}

impl<I: Iterator<Item = OsString>> Words<I> {
    pub(super) fn new(arguments: impl IntoIterator<IntoIter = I>) -> Self {
        let last = (String::new(), None);
        Self { rest: arguments.into_iter(), last, plain: false }
    }

    /// The next word; a value that the last option did not want is wrong.
    pub(super) fn next(&mut self) -> Result<Option<Word>, String> {
        if let (option, Some(value)) = &self.last {
            let value = value.to_string_lossy();
            return Err(format!("`--{option}` takes no value, but has `{value}`; see --help"));
        }
        let Some(word) = self.rest.next() else { return Ok(None) };
        let is_option = !self.plain && word != "-" && word.as_encoded_bytes().starts_with(b"-");
        if !is_option {
            return Ok(Some(Word::Value(word)));
        }
        let Some(text) = word.to_str() else {
            let word = word.to_string_lossy();
            return Err(format!("`{word}` is not UTF-8; give its value as an argument of its own"));
        };
        let Some(long) = text.strip_prefix("--") else {
            return Ok(text.chars().nth(1).map(Word::Short));
        };
        if long.is_empty() {
            self.plain = true;
            return self.next();
        }
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value.into())),
            None => (long, None),
        };
        self.last = (name.to_owned(), value);
        Ok(Some(Word::Long(name.to_owned())))
    }

    /// The value of the last option.
    pub(super) fn value(&mut self) -> Result<OsString, String> {
        let (option, value) = &mut self.last;
        let value = value.take().or_else(|| self.rest.next());
        value.ok_or_else(|| format!("missing argument for option `--{option}`; see --help"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Words<impl Iterator<Item = OsString>> {
        Words::new(line.split(' ').map(OsString::from))
    }

    #[test]
    fn options_and_values() {
        let mut words = words("run --key=a=b --input - -hx - --json -- --key -x");
        let long = |name: &str| Ok(Some(Word::Long(name.to_owned())));
        let plain = |text: &str| Ok(Some(Word::Value(text.into())));
        assert_eq!(words.next(), plain("run"));
        assert_eq!((words.next(), words.value()), (long("key"), Ok("a=b".into())));
        assert_eq!((words.next(), words.value()), (long("input"), Ok("-".into())));
        assert_eq!(words.next(), Ok(Some(Word::Short('h'))));
        assert_eq!((words.next(), words.next()), (plain("-"), long("json")));
        assert_eq!((words.next(), words.next()), (plain("--key"), plain("-x")));
        assert_eq!(words.next(), Ok(None));
    }

    #[test]
    fn wrong_options_are_told() {
        let mut flag = words("--json=yes next");
        assert_eq!(flag.next(), Ok(Some(Word::Long("json".to_owned()))));
        assert!(flag.next().is_err_and(|error| error.contains("`--json` takes no value")));
        let mut bare = words("--key");
        assert_eq!(bare.next(), Ok(Some(Word::Long("key".to_owned()))));
        assert!(bare.value().is_err_and(|error| error.contains("missing argument")));
    }
}
