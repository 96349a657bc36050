"""Events of an hour or a day -> ``Dynamics``: who opened, merged and said what, and what of it concerns AMD."""
