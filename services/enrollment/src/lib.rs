//! 参保: who is covered, by what, on which day.
