"""The public data sets behind reference suites, and which of them are on this machine."""
