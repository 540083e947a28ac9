//! Each rule at, just below and just above its threshold.
