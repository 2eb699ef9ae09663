"""What everything else stands on: time, ids, errors, settings, text. Knows neither Flask nor SQLAlchemy."""
