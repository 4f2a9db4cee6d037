//! One entity per table.

