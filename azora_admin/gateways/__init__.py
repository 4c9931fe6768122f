"""The outside world, one package each; the only places that import its SDKs. None works inside a transaction."""
