// Registers the plain JavaScript kernels, and the gradients of core, which come with the layers package only.
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers";
