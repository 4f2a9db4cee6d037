//! Real PostgreSQL and Redis for tests, free ports, process fixtures.
