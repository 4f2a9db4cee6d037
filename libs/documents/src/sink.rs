//! Where problems are collected while reading goes on.

use std::cell::RefCell;

use crate::MAX_PROBLEMS;
use crate::problem::{Kind, Problem, Problems};

/// Collects the problems of one file.
pub struct Sink {
    file: String,
    problems: RefCell<Vec<Problem>>,
    findings: RefCell<Vec<Problem>>,
}

impl Sink {
    pub fn new(file: &str) -> Sink {
        Sink { file: file.to_owned(), problems: RefCell::default(), findings: RefCell::default() }
    }

    /// Notes a problem; beyond [`MAX_PROBLEMS`] nobody reads on.
    pub fn add(&self, line: usize, column: usize, path: &str, kind: Kind, message: impl Into<String>) {
        let message = message.into();
        self.push(
            &self.problems,
            Problem { file: String::new(), line, column, path: path.to_owned(), kind, message },
        );
    }

    /// Notes what does not keep the document from being read.
    pub fn find(&self, line: usize, column: usize, path: &str, kind: Kind, message: impl Into<String>) {
        let message = message.into();
        self.push(
            &self.findings,
            Problem { file: String::new(), line, column, path: path.to_owned(), kind, message },
        );
    }

    /// Takes over what another one of the same file collected.
    pub fn absorb(&self, other: Sink) {
        other.problems.into_inner().into_iter().for_each(|problem| self.push(&self.problems, problem));
        other.findings.into_inner().into_iter().for_each(|finding| self.push(&self.findings, finding));
    }

    fn push(&self, to: &RefCell<Vec<Problem>>, problem: Problem) {
        let mut list = to.borrow_mut();
        if list.len() < MAX_PROBLEMS {
            list.push(Problem { file: self.file.clone(), ..problem });
        }
    }

    /// The result with what was found beside it, if there is no problem; otherwise all problems. Both in order of position.
    pub fn finish<T>(self, result: Option<T>) -> Result<(T, Vec<Problem>), Problems> {
        let problems = in_order(self.problems.into_inner());
        match result {
            Some(result) if problems.is_empty() => Ok((result, in_order(self.findings.into_inner()))),
            _ => Err(Problems(problems)),
        }
    }
}

fn in_order(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by_key(|problem| (problem.line, problem.column));
    problems.dedup();
    problems
}
