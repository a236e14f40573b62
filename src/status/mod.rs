//! What each status code means and demands: the catalogue. Imports nothing of ours.
