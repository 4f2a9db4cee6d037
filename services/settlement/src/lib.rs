//! 一站式结算: one visit settled across every payer.
