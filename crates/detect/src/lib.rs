//! Is something wrong: thresholds and rule files become alerts; pure.
