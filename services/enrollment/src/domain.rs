//! The rules of the register: pure, no I/O, no clock.

