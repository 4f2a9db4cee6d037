//! Where problems are collected while reading goes on.

use std::cell::RefCell;

use crate::MAX_PROBLEMS;
use crate::problem::{Kind, Problem, Problems};

/// Collects the problems of one file.
pub struct Sink {
    file: String,
    problems: RefCell<Vec<Problem>>,
}

impl Sink {
    pub fn new(file: &str) -> Sink {
        Sink { file: file.to_owned(), problems: RefCell::default() }
    }

    /// Notes a problem; beyond [`MAX_PROBLEMS`] nobody reads on.
    pub fn add(&self, line: usize, column: usize, path: &str, kind: Kind, message: impl Into<String>) {
        let mut problems = self.problems.borrow_mut();
        if problems.len() < MAX_PROBLEMS {
            let (file, path, message) = (self.file.clone(), path.to_owned(), message.into());
            problems.push(Problem { file, line, column, path, kind, message });
        }
    }

    /// The result, if there is no problem; otherwise all problems in order of position.
    pub fn finish<T>(self, result: Option<T>) -> Result<T, Problems> {
        let mut problems = self.problems.into_inner();
        match result {
            Some(result) if problems.is_empty() => Ok(result),
            _ => {
                problems.sort_by_key(|problem| (problem.line, problem.column));
                problems.dedup();
                Err(Problems(problems))
            }
        }
    }
}
