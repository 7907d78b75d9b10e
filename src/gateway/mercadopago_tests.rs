//! The adapter against answers written down from the facts.
