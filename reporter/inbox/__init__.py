"""The reference support endpoint (extra ``inbox``): takes reports, keeps them, shows them to support."""
