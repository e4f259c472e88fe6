"""Linux: the packages for dpkg and for rpm."""
