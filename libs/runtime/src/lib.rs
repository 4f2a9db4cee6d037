//! What every service binary shares: configuration, telemetry, server, errors, database, feed.
