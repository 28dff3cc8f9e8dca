//! Who is told: grouping and delivery from the outbox.
