"""How the names of the CMS-ADC task's rows are written for people, in the order of its paper."""

from __future__ import annotations

from reproduce.names import Name

SIGNALS = {
    "a_to_4l": Name(text="A", math="$A$"),
    "h0_to_tautau": Name(text="h0", math="$h^\\mathrm{0}$"),
    "hplus_to_taunu": Name(text="h+", math="$h^+$"),
    "leptoquark": Name(text="LQ", math="LQ"),
}
EMBEDDINGS = {
    "raw": Name(text="AE-Raw", math="AE-Raw"),
    "untrained": Name(text="untrained", math="untrained encoder", in_paper=False),
    "clr": Name(text="CLR", math="CLR"),
    "anomclr": Name(text="AnomCLR", math="AnomCLR"),
    "anomclr_plus": Name(text="AnomCLR+", math="AnomCLR+"),
}
METRICS = {
    "auc": Name(text="AUC", math="AUC"),
    "background_rejection": Name(
        text="1/eps_b", math=r"background rejection 1/$\varepsilon_\mathrm{b}$"
    ),
    "significance_improvement": Name(text="SI", math="significance improvement SI"),
}
AUGMENTATIONS = {
    "add": Name(text="m(x)", math=r"$m(x)$"),
    "split": Name(text="mbar(x)", math=r"$\overline{m}(x)$"),
    "scale": Name(text="s_pT(x)", math=r"$s_{p_\mathrm{T}}(x)$"),
}
EFFICIENCY = r"signal efficiency $\varepsilon_\mathrm{s}$"
