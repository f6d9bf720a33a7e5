"""The search for signals in the photons' mass spectrum, on the latents of any embedding."""
