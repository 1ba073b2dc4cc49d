"""A small library for variational autoencoders, to be read.

Axes: B batch, P pixels, D latent dimensions, L Monte Carlo samples, K importance samples; sample axes
come first. `logvar` is log σ². Decoders return logits. Densities, losses and divergences are per
example, in nats; `elbo` goes up, `loss` goes down.

Data, figures, trained models and the labs' checks are imported from their own modules: `vae_lib.data`,
`vae_lib.figures`, `vae_lib.zoo`, `vae_lib.testing`.
"""

from vae_lib.checks import InputError
from vae_lib.gaussian import entropy, gaussian_kl, gaussian_kl_per_dim, kl_gaussians, log_prob, reparametrize
from vae_lib.latent import (
    bounding_box,
    diversity,
    interpolate,
    latent_grid,
    nearest_distance,
    perturb,
    quantile_grid,
    sample_box,
    slerp,
)
from vae_lib.likelihood import Bernoulli, Gaussian, LearnedGaussian, bernoulli_nll, gaussian_nll
from vae_lib.linear_gaussian import LinearGaussian
from vae_lib.models import VAE, Autoencoder
from vae_lib.networks import Decoder, Encoder, mlp
from vae_lib.objective import (
    ElboTerms,
    active_units,
    elbo_terms,
    gaussian_elbo,
    importance_weighted_bound,
    log_evidence,
    log_importance_weights,
    reconstruction_loss,
    squared_error,
    vae_loss,
)
from vae_lib.pca import (
    PCA,
    center,
    components_needed,
    covariance,
    fit_pca,
    pca_decode,
    pca_encode,
    principal_components,
    reconstruction_error,
)
from vae_lib.training import History, TrainConfig, TrainingDiverged, fit
