"""How faithful the detector response is: the same measurements on ours and on Delphes' events."""
